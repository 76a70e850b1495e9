"""The map of arrows: which reaction hears which fact, which handler runs which job, which transports there are."""
