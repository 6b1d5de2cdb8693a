"""What a methods paragraph cites, as APA style lists it."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.present.text.prose import Italic, Piece

__all__ = ["REFERENCES", "cited", "reference_list"]

#: By key: how the text cites it, and the entry of the list: before the italics, in italics, after.
REFERENCES: dict[str, tuple[str, tuple[str, str, str]]] = {
    "bell": (
        "Bell & McCaffrey, 2002",
        (
            "Bell, R. M., & McCaffrey, D. F. (2002). Bias reduction in standard errors for linear "
            "regression with multi-stage samples. ",
            "Survey Methodology, 28",
            "(2), 169–181.",
        ),
    ),
    "boundary": (
        "Self & Liang, 1987",
        (
            "Self, S. G., & Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood "
            "estimators and likelihood ratio tests under nonstandard conditions. ",
            "Journal of the American Statistical Association, 82",
            "(398), 605–610.",
        ),
    ),
    "centring": (
        "Enders & Tofighi, 2007",
        (
            "Enders, C. K., & Tofighi, D. (2007). Centering predictor variables in cross-sectional "
            "multilevel models: A new look at an old issue. ",
            "Psychological Methods, 12",
            "(2), 121–138.",
        ),
    ),
    "formula": (
        "Bates et al., 2015",
        (
            "Bates, D., Mächler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects "
            "models using lme4. ",
            "Journal of Statistical Software, 67",
            "(1), 1–48.",
        ),
    ),
    "gamma": (
        "Chung et al., 2013",
        (
            "Chung, Y., Rabe-Hesketh, S., Dorie, V., Gelman, A., & Liu, J. (2013). A nondegenerate "
            "penalized likelihood estimator for variance parameters in multilevel models. ",
            "Psychometrika, 78",
            "(4), 685–709.",
        ),
    ),
    "half": (
        "Gelman, 2006",
        (
            "Gelman, A. (2006). Prior distributions for variance parameters in hierarchical "
            "models. ",
            "Bayesian Analysis, 1",
            "(3), 515–534.",
        ),
    ),
    "kenward-roger": (
        "Kenward & Roger, 1997",
        (
            "Kenward, M. G., & Roger, J. H. (1997). Small sample inference for fixed effects from "
            "restricted maximum likelihood. ",
            "Biometrics, 53",
            "(3), 983–997.",
        ),
    ),
    "laplace": (
        "Tierney & Kadane, 1986",
        (
            "Tierney, L., & Kadane, J. B. (1986). Accurate approximations for posterior moments "
            "and marginal densities. ",
            "Journal of the American Statistical Association, 81",
            "(393), 82–86.",
        ),
    ),
    "liang": (
        "Liang & Zeger, 1986",
        (
            "Liang, K.-Y., & Zeger, S. L. (1986). Longitudinal data analysis using generalized "
            "linear models. ",
            "Biometrika, 73",
            "(1), 13–22.",
        ),
    ),
    "lkj": (
        "Lewandowski et al., 2009",
        (
            "Lewandowski, D., Kurowicka, D., & Joe, H. (2009). Generating random correlation "
            "matrices based on vines and extended onion method. ",
            "Journal of Multivariate Analysis, 100",
            "(9), 1989–2001.",
        ),
    ),
    "pustejovsky": (
        "Pustejovsky & Tipton, 2018",
        (
            "Pustejovsky, J. E., & Tipton, E. (2018). Small-sample methods for cluster-robust "
            "variance estimation and hypothesis testing in fixed effects models. ",
            "Journal of Business & Economic Statistics, 36",
            "(4), 672–683.",
        ),
    ),
    "quadrature": (
        "Pinheiro & Chao, 2006",
        (
            "Pinheiro, J. C., & Chao, E. C. (2006). Efficient Laplacian and adaptive Gaussian "
            "quadrature algorithms for multilevel generalized linear mixed models. ",
            "Journal of Computational and Graphical Statistics, 15",
            "(1), 58–81.",
        ),
    ),
    "reml": (
        "Patterson & Thompson, 1971",
        (
            "Patterson, H. D., & Thompson, R. (1971). Recovery of inter-block information when "
            "block sizes are unequal. ",
            "Biometrika, 58",
            "(3), 545–554.",
        ),
    ),
    "satterthwaite": (
        "Satterthwaite, 1946",
        (
            "Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance "
            "components. ",
            "Biometrics Bulletin, 2",
            "(6), 110–114.",
        ),
    ),
    "wishart": (
        "Chung et al., 2015",
        (
            "Chung, Y., Gelman, A., Rabe-Hesketh, S., Liu, J., & Dorie, V. (2015). Weakly "
            "informative prior for point estimation of covariance matrices in hierarchical "
            "models. ",
            "Journal of Educational and Behavioral Statistics, 40",
            "(2), 136–157.",
        ),
    ),
}


def cited(*keys: str) -> str:
    """The citation in brackets.

    >>> cited("reml"), cited("bell", "pustejovsky")
    ('(Patterson & Thompson, 1971)', '(Bell & McCaffrey, 2002; Pustejovsky & Tipton, 2018)')
    """
    return f"({'; '.join(REFERENCES[key][0] for key in keys)})"


def reference_list(keys: Sequence[str], version: str) -> list[list[Piece]]:
    """One paragraph an entry, by author, with the software's among them."""
    entries = [REFERENCES[key][1] for key in dict.fromkeys(keys)]
    entries.append(
        ("The ranef developers. (n.d.). ", "ranef", f" ({version}) [Computer software].")
    )
    ordered = sorted(entries, key=lambda entry: entry[0].removeprefix("The ").casefold())
    return [[before, Italic(italics), after] for before, italics, after in ordered]
