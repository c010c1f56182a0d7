"""The findings that a verdict can state, by code."""

from xaudit.catalog.image_changes import IMAGE_MARGIN
from xaudit.catalog.label_findings import LABEL_FINDINGS
from xaudit.catalog.rows import FindingRow

MARGIN = 0.02
"""Reliance below which a region does not matter in practice: a fall in probability beyond a random area's.

With many patients an interval leaves out zero for effects that change no decision. So a region counts as used, the mark
like every other, only where even the lower end of its interval lies above this.
"""

GATED_FINDINGS = {"uses-mark": "reliance-mark"}
"""Findings that a gate can ask for by name, without a limit, and the metric that each rests on."""

FINDINGS: tuple[FindingRow, ...] = (
    FindingRow(
        "XA101",
        "gate not reached",
        "the lower end of the interval (or its upper end, for a largest allowed value) is on the wrong side of the gate",
        "look at the worst cases first; a wide interval asks for more patients, a low estimate for another model or explainer",
    ),
    FindingRow(
        "XA102",
        "gate without data",
        "no case had a value for the gate's metric, explainer or reader, or too few patients had one for an interval",
        "see which cases are unscored and why; annotate more patients",
    ),
    FindingRow(
        "XA103",
        "uninformative gate",
        "a control, which does not use the model, passes the same gate; under `strict` that fails",
        "raise the gate above the best control, or gate on reliance, which asks no map",
    ),
    FindingRow(
        "XA104",
        "dropped below the baseline",
        "the unfavourable end of the drop's interval, on the cases of both runs, is more than the gate allows",
        "`xaudit diff BASE HEAD` shows what else moved; a wide interval asks for more patients or a wider limit",
    ),
    FindingRow(
        "XA201",
        "the model looks elsewhere",
        "replacing the mark lowers the answer no more than replacing a random area of its size does, or replacing a region "
        "without evidence, such as the border or one named under `data.regions.own`, lowers it more than that: the lower "
        f"end of the interval is held against a margin of {MARGIN:g}, the same for the mark and for every other region",
        "look for what the region holds: markers, rulers, tubes, text, scanner edges; blank it out and train again",
    ),
    FindingRow(
        "XA202",
        "the model uses the mark",
        f"replacing the mark lowers the answer by more than {MARGIN:g} beyond a random area of its size (lower end of the "
        "interval), and no other region does so",
        "none needed where it passes; it is no proof that no shortcut exists. It is undecided where hiding the rest of the marked organ "
        "lowers the answer clearly more than hiding the mark: look for what else is in that organ. The gate `uses-mark` asks "
        "for it",
    ),
    FindingRow(
        "XA203",
        "the answer does not survive a small change",
        "on an image turned by at most 15 degrees or shifted by at most 10 % of its side the model names another class "
        "too often: even the upper end of the interval of `equivariance-…-class` is below `equivariance.least_same_class`",
        "train with such changes, or blank out what a small change moves out of the frame; a map of one image explains "
        "an answer that the next image would not get",
    ),
    FindingRow(
        "XA204",
        "the classes look swapped",
        "the model ranks the images the wrong way round: even the upper end of the interval of AUROC is below .5, or, where "
        "too few patients give AUROC no interval, that of accuracy is below a guess. "
        "Findings about the mark are refused, since they would be about another class's evidence",
        "check in which order the model gives its outputs, and name it under `models[].classes`; check the labels",
    ),
    FindingRow(
        "XA205",
        "the same answer on every image",
        "the model names one class on every image although the data has several. Findings about the mark are refused: an "
        "answer that never changes rests on no region",
        "check weights, preparation and `outputs`; look at accuracy and AUROC before any map",
    ),
    FindingRow(
        "XA206",
        "the answers are not better than chance",
        "the interval of AUROC contains .5, so the model is not shown to tell the classes apart",
        "read the findings about its evidence with care; test on more patients, or train further",
    ),
    FindingRow(
        "XA207",
        "an area of the image that should not matter does",
        "windows that touch change the answer more than the mean window does, over patients (family-wise p of at most 0.05 "
        f"over the whole reliance map), by more than {MARGIN:g} (lower end of the interval). With marks, areas outside the mark "
        "count, and outside the marked organ where its outline is known. Without marks an area at the border or outside the body "
        "fails, one in the organ passes, and one at an unknown place is only named. Undecided where one in-fill "
        "shows it and another does not, and where hiding an area inside the body raises the answer: it may hold evidence "
        "against, or the in-fill may look like evidence itself",
        "look at the example cases and at what lies there: markers, tubes, text, scanner edges; blank it out and train again",
    ),
    FindingRow(
        "XA208",
        "no single place outside the mark matters",
        "no window outside the mark, and outside the marked organ where its outline is known, stands out of the reliance map, and the "
        "effect of the strongest one is at most 0.05 at the upper end of its interval. Undecided above that, and where the mark does "
        "not matter either. Evidence that many places hold at once, such as the tone of the border, shows at none of them: see "
        "the regions (XA201), `kept-mark` and the whole-image properties. Without marks, no window of the image matters, nor do "
        "all of them together",
        "none needed with a tight bound; a wide one asks for more patients. Where nothing matters at all, hide larger windows "
        "(`reliance.map.scales`) and look at the whole-image properties",
    ),
    FindingRow(
        "XA209",
        "the answer is spread over the image",
        "hiding windows changes the answer, added up over the image, none stands out of the reliance map, and none can hold "
        "half of the sum (upper end of the strongest window's effect against the sum's lower end; else it is undecided). Where the "
        "probability is too near 0 or 1 to move, the log odds decide",
        "compare with what is known of the evidence: a finding in one place should make one area. Look at the whole-image "
        "properties: brightness, sharpness and noise lie everywhere",
    ),
    FindingRow(
        "XA210",
        "the model answers to a property of the whole image",
        "more brightness, contrast, sharpness, noise, compression or resolution of the whole image moves the target's "
        f"probability one way by more than {IMAGE_MARGIN:g} on the images of every class that was asked, marked findings kept as "
        "they are: the whole interval from the step with the least to that with the most lies beyond the margin, on two "
        "classes or more",
        "compare the property between the classes, scanners and hospitals of the training data; standardise it, or vary it "
        "at random while training",
    ),
    FindingRow(
        "XA211",
        "a region of your own: not used, allowed, or undecided",
        f"hiding a region named under `data.regions.own` lowers the answer by at most {MARGIN:g} beyond a random area of "
        "its size (upper end of the interval), which passes, as does a region with `evidence: true` that is used; or the "
        "interval lies on both sides of that margin, too few patients show the region, or no image has a value, which "
        "is undecided. XA201 names a region that is used and should not be",
        "none where it passes; else audit more images that show the region",
    ),
    FindingRow(
        "XA212",
        "undecided: the in-fills do not agree",
        f"with one in-fill, hiding a region lowers the answer by more than {MARGIN:g} beyond random areas of its size (lower "
        "end of the interval), with another it does not. The fall may be the in-fill's doing, so nothing is said of the "
        "region",
        "look at the in-filled images; name further in-fills under `reliance.infills`, such as `donor`, and ask about more "
        "patients",
    ),
    FindingRow(
        "XA213",
        "a place without evidence changes the answer on images of a class",
        "replacing the border, the outside or another region without evidence changes the answer on images of one true class, "
        f"beyond random areas of its size, by more than {MARGIN:g} (lower end of the interval). Images of every class are "
        "asked, since an answer near 0 or 1 cannot show it on images of one class only. A rise counts at the border and outside the "
        "body only: elsewhere the in-fill may look like evidence",
        "look at that region on images of that class; blank it out and train again",
    ),
    FindingRow(
        "XA214",
        "the answer is sensitive to the quality of the image",
        "small steps of a property of the whole image move the target's probability by more than "
        f"{IMAGE_MARGIN:g} on the images of some class (lower end of the interval), but not one way on all of them: a finding is "
        "lost to blur, say, or something else looks like one when sharpened",
        "train with such changes; do not use the model on images of other quality than it was tested on",
    ),
    FindingRow(
        "XA301",
        "the explainer does not show what the model uses",
        "its maps capture too little of the reliance map: even the upper end of the interval of `reliance-captured` is below "
        "`reliance.explainers.shows`, and it is not better than the other patients' mean reliance map (the prior)",
        "do not show or gate on this explainer for this model; try another, or another layer",
    ),
    FindingRow(
        "XA302",
        "the explainer shows what the model uses",
        "the lower end of the interval of `reliance-captured` is at least `reliance.explainers.shows`, and it is better than the "
        "prior, or the prior itself reaches `reliance.explainers.prior`: the evidence lies at one place in everybody",
        "none needed",
    ),
    FindingRow(
        "XA303",
        "not resolvable",
        "the explainer's native grid is too coarse for these marks: even the marks themselves, drawn on it, meet them "
        "seldom (ceiling of the pointing game below .5, or of another overlap or share below .25)",
        "do not read low scores as a failure of the model; take a finer layer, more superpixels or smaller windows, or "
        "give the pointing game a tolerance of half a cell",
    ),
    FindingRow(
        "XA304",
        "the map does not survive a small change",
        "on an image turned by at most 15 degrees or shifted by at most 10 % of its side the explainer's map, moved back, "
        "orders the pixels otherwise: even the upper end of the interval of `equivariance-…` is below "
        "`equivariance.least_same_map`; nor does it keep `resolution.least_kept` of a localization that beats the controls",
        "do not show the map as a reason; average over changed images, draw more samples, or take another explainer. "
        "Where the model's answer changes as well (XA203), mend that first",
    ),
    FindingRow(
        "XA305",
        "localization collapses at coarser resolution",
        "the explainer meets the marks on the whole image better than any control; at a step of the ladder even the upper "
        "end of the interval is below `resolution.least_kept` of that",
        "do not use these maps at that resolution. Where the model names the same class there, it goes on by something "
        "coarser than the finding: look at XA201 and at reliance",
    ),
    FindingRow(
        "XA306",
        "undecided if the explainer shows what the model uses",
        "neither XA301 nor XA302 holds: the interval of `reliance-captured` includes the limit, chance may explain the difference "
        "to the prior, too few patients count, or the maps lie between: better than the prior and below the limit",
        "the sentence names the number of patients that would decide it; until then do not rest a claim on this explainer",
    ),
    FindingRow(
        "XA311",
        "the map does not depend on the model",
        "with every layer of the network random, the explainer still draws nearly the same map (lower end of `mprt` above "
        ".5): it shows the image, not what the model made of it",
        "do not use this explainer for this model; a gradient or perturbation method beside it tells whether the fault is "
        "its own",
    ),
    FindingRow(
        "XA312",
        "the explainer points at the same place on every image",
        "its maps of different patients have nearly the same layout (lower end of `location-collapse` above .75): padding, "
        "borders or a model that reads one fixed place",
        "look at the mean map and its scores; where region reliance shows that the model reads that place, it is the "
        "model, else take another layer or explainer",
    ),
    FindingRow(
        "XA313",
        "the explainer is unstable",
        "another seed gives another map of the same image (upper end of `seed-stability` below .5)",
        "draw more samples, or fewer and larger superpixels, until the maps agree; until then show none of them",
    ),
    FindingRow(
        "XA401",
        "no patient ids",
        "the data names no patients, so images of one person may stand on both sides of a split and count as independent",
        "add a patient column; until then read every interval as too narrow",
    ),
    FindingRow(
        "XA402",
        "no annotations",
        "no reader's marks were given, so localization, regions and reliance cannot be measured",
        "add annotations under data.annotations; `xaudit list formats` shows what is read",
    ),
    FindingRow(
        "XA403",
        "cases left out",
        "some images could not be read or scored",
        "`xaudit data check` lists each with its reason",
    ),
    FindingRow(
        "XA404",
        "exact copies across splits",
        "images in different splits have equal pixels, in the same or in another lossless encoding",
        "keep them together: `data.split: {groups: groups.csv}`, with the file that `xaudit data audit` writes",
    ),
    FindingRow(
        "XA405",
        "changed copies across splits",
        "images in different splits show the same picture, saved again, resized, mirrored, turned by quarters, cropped by up to 10 % "
        "or of other brightness: after alignment the fine detail of the originals correlates by at least "
        "`data_audit.copies.least_detail`",
        "keep them together: `data.split: {groups: groups.csv}`; make augmented images after the split, from training images only",
    ),
    FindingRow(
        "XA406",
        "copies within a split",
        "an image repeats another one of its split, exactly or changed, and is not of the same patient or group: it counts as a case of "
        "its own",
        "remove the repeats, or name the patients: then each patient counts once",
    ),
    FindingRow(
        "XA407",
        "copies with different labels",
        "two images that show the same picture have different labels",
        "look at the pairs in `copies.parquet` and correct the labels",
    ),
    FindingRow(
        "XA408",
        "slices of one scan across splits",
        "images in different splits look like neighbouring or repeated slices: aligned small copies correlate by at least "
        "`data_audit.copies.least_likeness`, and the fine detail differs. Undecided where no pair reaches 0.97: two people may look that "
        "alike",
        "look at the pairs; name the patients, or keep groups together: `data.split: {groups: groups.csv}`",
    ),
    FindingRow(
        "XA409",
        "no copies across splits",
        "no two images in different splits show the same picture or look like neighbouring slices, and no image repeats another",
        "none needed; turns by an angle, larger crops and distortions are not searched for",
    ),
    *LABEL_FINDINGS,
    FindingRow(
        "XA421",
        "an attribute coincides with the label",
        "in this data an attribute, such as the scanner or the image size, goes along with the label: the lower end of the interval "
        "of Cramér's V is at least 0.5, or all patients of a level have one label, beyond chance (at most 0.05 over all levels)",
        "collect images of every level with every label, or leave the level out; hide from the model what tells the levels "
        "apart. A model's accuracy on this data is no evidence that it looks at the disease",
    ),
    FindingRow(
        "XA422",
        "the answers differ by an attribute at equal label",
        "sensitivity, specificity or the mean log-odds of the positive class differs between a level and the others on images of "
        "one true class: family-wise p of at most 0.05 over all gaps of the model, by permutation of patients. The disease itself "
        "may be harder to see at one level",
        "compare lesion size and image quality between the levels; add training images of the worse level; state the gap where "
        "the model is used",
    ),
    FindingRow(
        "XA423",
        "a subgroup is worse than the rest beyond chance",
        "sensitivity or specificity on a subgroup, by one attribute or two, is below that on all other images of the class: "
        "family-wise p of at most 0.05 over all subgroups of the model, by permutation of patients. Subgroups of fewer than 5 "
        "patients of the class are named and not tested",
        "look at the subgroup's errors; test on more of its patients; do not use the model on it until the gap is explained",
    ),
    FindingRow(
        "XA424",
        "undecided: a gap by an attribute cannot be told",
        "two levels of an attribute have enough patients, but not with the same label in the test images, so nothing shows "
        "if the model's errors depend on it",
        "test on images of each level with each label",
    ),
    FindingRow(
        "XA431",
        "over- or underconfident answers",
        "the model's probabilities on the test images are off beyond chance: the expected calibration error, or the gap between "
        "the probability of the class named and the share that is right, is larger than exact probabilities would show with "
        "these patients (Holm-adjusted p of at most 0.05, all images of a patient erring together), and above 0.02. Passes where "
        "even the upper end of the error's interval is at most 0.1; undecided otherwise",
        "recalibrate the probabilities on other patients (temperature scaling, isotonic regression); until then do not read a "
        "probability as a risk, and choose thresholds by their sensitivity and specificity",
    ),
)
