"""What is said of a face: numbers to words, drawn into the image, on a page. Pure."""
