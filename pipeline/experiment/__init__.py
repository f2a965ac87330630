"""What a run is: tasks, images, cells, networks, data, and how one cell predicts."""
