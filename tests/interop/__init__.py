"""The portal as it is installed, against programs that other people wrote."""
