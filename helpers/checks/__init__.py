"""Answers to the exercises, checked: one module a chapter, one function an exercise.

A function takes what the reader worked out (a number, an array, a function) and prints whether it is right and, if not,
what is wrong with it. It never raises because of a wrong answer, so that a chapter runs through with no exercise done.
"""
