"""What changes the cloud: passes, requests that are journalled first, the guard before each that buys."""
