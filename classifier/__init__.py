"""The topic classifier: a multilingual encoder tuned to the topics, one small head for each, and what trains and measures them.

Nothing is loaded when this package is imported: call `classifier.model.Model.load`.
"""
