"""Tables and arrays to images: charts with matplotlib (PNG, and SVG for pages), sheets of crops
with PIL. Pure but for the file that they write to the path they are given; nothing reads one."""
