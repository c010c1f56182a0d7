"""Sources that several metrics cite."""

HERE = "xaudit, docs/concepts.md"
ADEBAYO = "Adebayo et al. 2018, Sanity checks for saliency maps"
AGARWAL = "Agarwal et al. 2022, Rethinking stability for attribution-based explanations"
ARRAS = "Arras et al. 2022, CLEVR-XAI"
SAPORTA = "Saporta et al. 2022, CheXlocalize"
SIXT = "Sixt et al. 2020, When explanations lie"
YEH = "Yeh et al. 2019, On the (in)fidelity and sensitivity of explanations"
