"""One HTML page that needs nothing beside itself: markup, drawings as SVG, the style. Pure.

Every text is escaped where it is put in; no page runs a script or asks a network for anything.
"""
