"""Conformance under load: users on Locust, and a judge in another process that reads all that they had."""
