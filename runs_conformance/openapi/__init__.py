"""The OpenAPI 3.1 document of the contract's operations, composed from the schema files."""
