"""The process: sockets, scheduler, start and end, webhooks."""
