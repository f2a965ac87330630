"""MTCNN: facenet-pytorch's three nets, over images of mixed sizes at once."""
