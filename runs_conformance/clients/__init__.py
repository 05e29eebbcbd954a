"""The other side of the wire: clients, watched through a proxy."""
