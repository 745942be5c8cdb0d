"""The topic classifier: a frozen multilingual encoder, one small head a topic, and what trains and measures them.

Nothing is loaded when this package is imported: call `classifier.model.Model.load`.
"""
