"""The store on a cluster, on a real cluster."""
