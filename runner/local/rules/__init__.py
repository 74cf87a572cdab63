"""What PCS does with batches and jobs: states, queues, refusals. Pure."""
