"""The other side of the wire: clients watched through a proxy, what each sends and needs, real ones run."""
