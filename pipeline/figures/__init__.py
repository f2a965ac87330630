"""Tables and arrays to images: charts with matplotlib, sheets of crops with PIL. Pure but for
the file that they write to the path they are given; nothing here reads one."""
