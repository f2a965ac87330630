"""Face competition pipeline: images of faces in, leaderboard CSV out."""
