"""The HTTP edge: what programs call. Owns no table; emits and hears nothing.

`fonnte` speaks Fonnte's API; `http` has its routes and the operator's, `metrics` what is counted here, `server`
listens, `gateway` is what all of it stands on. Parses at the door into frozen structs, calls the features' actions,
and gives their answers words; decides nothing itself.
"""
