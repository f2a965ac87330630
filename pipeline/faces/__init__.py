"""Where the face is: boxes, the detector, cutting, the crop store."""
