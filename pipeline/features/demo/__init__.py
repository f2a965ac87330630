"""What is said of a face: numbers to words, drawn into the picture, on a page. Pure."""
