Checking for an Intel integrated GPU          : FAIL (no Intel display device)
    hint: igd-stolen probe
exit status 1
