"""The networks: generator, discriminator, Q-network, and the layers they let one look into."""
