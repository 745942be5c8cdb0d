"""The program on top: commands, the worker's ticks, the demo; it puts the rooms together and nothing else."""
