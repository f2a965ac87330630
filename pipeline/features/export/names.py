"""The formats of export, in the order in which they are made."""

FORMATS = ("onnx", "pt2", "pt")
