"""The contract: requirements, schemas, model and checks."""
