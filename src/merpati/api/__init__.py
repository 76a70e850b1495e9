"""The HTTP edge: what programs call. Owns no table; emits and hears nothing.

`fonnte` speaks Fonnte's API; `health` and `metrics` answer the operator. Parses at the door into frozen structs,
calls the features' actions, and gives their answers words; decides nothing itself.
"""
