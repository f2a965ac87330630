"""Answer files, their records and the leaderboard."""
