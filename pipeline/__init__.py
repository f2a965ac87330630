"""Face competition pipeline: pictures of faces in, leaderboard CSV out."""
