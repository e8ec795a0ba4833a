"""The storage service: experiments, their files, and registered models, by calls that are all POST."""
