"""The key that this node signs with, and whose keys it trusts."""
