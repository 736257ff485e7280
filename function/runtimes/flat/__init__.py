"""The flat runtime: a model as data, a program in one mapped file. It needs no library to answer a record."""
