"""Requests and answers: transport, retries, rates, credentials. What PCS means by them is above."""
