"""One model on one fold: network, weights, losses, optimiser, schedule, loop, checkpoint."""
