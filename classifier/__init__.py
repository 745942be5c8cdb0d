"""The topic classifier: a multilingual encoder tuned to the topics, a small head for each, and what trains them.

Nothing is loaded when this package is imported: call `classifier.model.Model.load`.
"""
