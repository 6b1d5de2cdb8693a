## R's results for structured covariances and residual structures of linear mixed models.
##
##   OMP_NUM_THREADS=1 Rscript tools/structures.R FOLDER [regular expression of model ids]
##
## FOLDER holds NAME.csv and NAME.levels.json of the bundled data sets, as tools/make_datasets.py
## reads them. Further data come from nlme and are written to tests/reference/data as CSV; every
## model is fitted to the data as read back from a file. Run it in the project's folder: the output
## is tests/reference/structures.json.gz. A run takes some minutes; two runs agree to ten digits of
## the estimates, not always to the last. With a regular expression only the models that match are
## fitted, and the result goes to structures.json.
##
## Three programs:
##
##   glmmTMB  us, diag, cs, toep, ar1, rr. nlminb and BFGS from several starts, then Newton steps
##            with the automatic gradient.
##   nlme     homcs (pdCompSymm), homdiag (pdIdent), and the residual structures (varIdent,
##            corAR1). nlminb and optim from several starts, then Newton steps on nlme's own
##            profiled likelihood, then lme started at that point.
##   lme4     every covariance structure, by hand: lme4's deviance function, minimised over the
##            parameters of the structure, which may lie on their bounds (a variance 0, a
##            correlation at its limit). It checks the other two, and gives the stored values
##            where these cannot reach the boundary or do not have the structure.
##
## Fixed effects' covariance: inverse of X' V^-1 X at the estimates, as lme4 and nlme define it.
## glmmTMB's own also holds the uncertainty of the variances; lme4 evaluated at glmmTMB's estimates
## gives the value stored. nlme's REML log likelihood has the same constants as lme4's; the script
## stops if it has not.

suppressPackageStartupMessages({
  library(lme4); library(nlme); library(glmmTMB); library(numDeriv); library(nloptr)
  library(jsonlite)
})
options(contrasts = c("contr.treatment", "contr.poly"), warn = 1, digits = 15)

`%||%` <- function(a, b) if (is.null(a)) b else a
arguments <- commandArgs(trailingOnly = TRUE)
if (!length(arguments)) stop("usage: Rscript tools/structures.R FOLDER [regex]")
FOLDER <- arguments[1]
ONLY <- if (length(arguments) > 1) arguments[2] else NULL
OUT <- "tests/reference/structures.json.gz"
DATA <- "tests/reference/data"
PACKAGES <- c("glmmTMB", "TMB", "lme4", "nlme", "nloptr", "numDeriv", "Matrix", "jsonlite")

quiet <- function(expr) {
  value <- NULL
  utils::capture.output(value <- suppressWarnings(suppressMessages(expr)))
  value
}

## ---------------------------------------------------------------------------
## 1. Data
## ---------------------------------------------------------------------------

## Text columns are factors with their levels in alphabetical order.
new_data <- list(
  oats = function() { d <- as.data.frame(nlme::Oats); d },
  ovary = function() {
    d <- as.data.frame(nlme::Ovary)
    d$turn <- ave(d$Time, d$Mare, FUN = seq_along)
    d$sine <- round(sin(2 * pi * d$Time), 6)
    d$cosine <- round(cos(2 * pi * d$Time), 6)
    d
  },
  bodyweight = function() { d <- as.data.frame(nlme::BodyWeight); d },
  dialyzer = function() { d <- as.data.frame(nlme::Dialyzer); d },
  wheat2 = function() { d <- as.data.frame(nlme::Wheat2); d }
)
NEW_FACTORS <- lapply(new_data, function(make) {
  d <- make()
  names(d)[vapply(d, is.factor, NA)]
})

write_new_data <- function() {
  dir.create(DATA, showWarnings = FALSE)
  for (name in names(new_data)) {
    d <- new_data[[name]]()
    rownames(d) <- NULL
    file <- file.path(DATA, paste0(name, ".csv"))
    write.csv(d, file, row.names = FALSE, quote = FALSE, eol = "\n")
  }
}

read_data <- function(name) {
  if (name %in% names(new_data)) {
    factors <- NEW_FACTORS[[name]]
    d <- read.csv(file.path(DATA, paste0(name, ".csv")),
                  colClasses = setNames(rep("character", length(factors)), factors))
    for (f in factors) d[[f]] <- factor(d[[f]], levels = sort(unique(d[[f]]), method = "radix"))
    return(d)
  }
  levels_file <- file.path(FOLDER, paste0(name, ".levels.json"))
  known <- if (file.exists(levels_file)) fromJSON(levels_file) else list()
  d <- read.csv(file.path(FOLDER, paste0(name, ".csv")), na.strings = "",
                colClasses = setNames(rep("character", length(known)), names(known)))
  for (f in names(known))
    d[[f]] <- factor(d[[f]], levels = known[[f]]$levels, ordered = known[[f]]$ordered)
  d
}

## Steps that models share: in R, and in pandas for the tests.
STEPS <- list(
  day = list(r = "d$day <- factor(d$Days)",
             pandas = "d['day'] = d['Days'].astype(str).astype('category')"),
  period = list(r = "d$period <- factor(d$Days %/% 2)",
                pandas = "d['period'] = (d['Days'] // 2).astype(str).astype('category')"),
  visit = list(r = "d$visit <- (d$age - 8) / 2",
               pandas = "d['visit'] = (d['age'] - 8) // 2"),
  nitrogen = list(r = "d$nitrogen <- factor(round(d$nitro * 5))",
    pandas = paste0("d['nitrogen'] = (d['nitro'] * 5).round().astype(int)",
                    ".astype(str).astype('category')")),
  weekly = list(r = "d <- d[d$Time != 44, ]; d$week <- round((d$Time - 1) / 7)",
    pandas = paste0("d = d[d['Time'] != 44].copy(); ",
                    "d['week'] = ((d['Time'] - 1) / 7).round().astype(int)")),
  week_level = list(r = "d$week_level <- factor(d$week)",
    pandas = "d['week_level'] = d['week'].astype(str).astype('category')"),
  holes = list(r = "d <- d[(seq_len(nrow(d)) - 1) %% 7 != 2, ]",
               pandas = "d = d[[i % 7 != 2 for i in range(len(d))]].copy()"),
  grade_level = list(r = "d$grade_level <- factor(d$grade)",
    pandas = "d['grade_level'] = d['grade'].astype(str).astype('category')"),
  heat = list(r = "d$heat <- factor(as.character(d$temp))",
              pandas = "d['heat'] = d['temp'].astype(str).astype('category')"),
  warm = list(r = "d$warm <- (d$temp - 200) / 10",
              pandas = "d['warm'] = (d['temp'] - 200) / 10"),
  third = list(r = "d$third <- factor((seq_len(nrow(d)) - 1) %% 5 %/% 2)",
    pandas = "d['third'] = [str(i % 5 // 2) for i in range(len(d))]")
)

write_new_data()

prepared <- function(model) {
  scope <- list2env(list(d = read_data(model$dataset)))
  for (step in model$steps) eval(parse(text = STEPS[[step]]$r), scope)
  scope$d
}

source("tools/structures_kinds.R")
source("tools/structures_fits.R")

## ---------------------------------------------------------------------------
## 2. Models
## ---------------------------------------------------------------------------

MODELS <- list()
update_text <- function(formula, term)
  as.formula(paste(text_of(formula), "+", term), env = globalenv())
add <- function(id, dataset, formula, reml = c(TRUE, FALSE), steps = character(),
                program = "glmmTMB", starts = 3, ...) {
  for (r in reml) {
    name <- paste0(id, if (r) "_reml" else "_ml")
    MODELS[[name]] <<- list(id = name, dataset = dataset, formula = formula, reml = r,
                            steps = steps, program = program, starts = starts, ...)
  }
}

## One term, columns of a factor with replicates.
f <- score ~ Machine
add("machines_us", "machines", update_text(f, "us(0 + Machine | Worker)"))
add("machines_diag", "machines", update_text(f, "diag(0 + Machine | Worker)"))
add("machines_cs", "machines", update_text(f, "cs(0 + Machine | Worker)"))
add("machines_homcs", "machines", update_text(f, "homcs(0 + Machine | Worker)"), program = "nlme")
add("machines_homdiag", "machines", update_text(f, "homdiag(0 + Machine | Worker)"),
    program = "nlme")
add("machines_toep", "machines", update_text(f, "toep(0 + Machine | Worker)"))
add("machines_ar1", "machines", update_text(f, "ar1(0 + Machine | Worker)"), TRUE)
add("machines_hetar1", "machines", update_text(f, "hetar1(0 + Machine | Worker)"),
    program = "lme4")
add("machines_rr1", "machines", update_text(f, "rr(0 + Machine | Worker, 1)"))
add("machines_rr2", "machines", update_text(f, "rr(0 + Machine | Worker, 2)"))
f <- Reaction ~ Days
for (kind in c("us", "cs", "toep", "ar1"))
  add(paste0("sleep_period_", kind), "sleepstudy",
      update_text(f, paste0(kind, "(0 + period | Subject)")), steps = "period")
add("sleep_period_hetar1", "sleepstudy", update_text(f, "hetar1(0 + period | Subject)"),
    steps = "period", program = "lme4")
add("sleep_period_homcs", "sleepstudy", update_text(f, "homcs(0 + period | Subject)"),
    steps = "period", program = "nlme")
add("sleep_period_homdiag", "sleepstudy", update_text(f, "homdiag(0 + period | Subject)"), FALSE,
    steps = "period", program = "nlme")
add("sleep_period_rr1", "sleepstudy", update_text(f, "rr(0 + period | Subject, 1)"),
    steps = "period")
add("sleep_period_rr2", "sleepstudy", update_text(f, "rr(0 + period | Subject, 2)"),
    steps = "period")
## Columns of a number.
add("sleep_slope_diag", "sleepstudy", update_text(f, "diag(Days | Subject)"))
add("sleep_slope_homdiag", "sleepstudy", update_text(f, "homdiag(Days | Subject)"),
    program = "nlme")
add("sleep_slope_rr1", "sleepstudy", update_text(f, "rr(Days | Subject, 1)"))
add("orthodont_slope_us", "orthodont", distance ~ age * Sex + us(age | Subject))
add("orthodont_slope_cs", "orthodont", distance ~ age * Sex + cs(age | Subject), TRUE)
add("dialyzer_pressure_us", "dialyzer",
    rate ~ QB * (pressure + I(pressure^2)) + us(pressure | Subject), FALSE)
add("ovary_diag", "ovary", follicles ~ sine + cosine + diag(sine + cosine | Mare))
add("ovary_rr2", "ovary", follicles ~ sine + cosine + rr(sine + cosine | Mare, 2), TRUE)
add("ovary_cs", "ovary", follicles ~ sine + cosine + cs(sine + cosine | Mare))
add("dialyzer_cs", "dialyzer",
    rate ~ QB * (pressure + I(pressure^2)) + cs(pressure + I(pressure^2) | Subject))
## Limits: a correlation at its lowest or at 1, no variance at all, a rank that is not used up.
add("dialyzer_cs_lowest", "dialyzer",
    rate ~ QB + pressure + I(pressure^2) + cs(pressure + I(pressure^2) | Subject))
add("dyestuff_cs", "dyestuff", Yield ~ 1 + cs(0 + third | Batch), steps = "third")
add("dyestuff2_homcs", "dyestuff2", Yield ~ 1 + homcs(0 + third | Batch), steps = "third",
    program = "lme4")
add("dyestuff_rr2", "dyestuff", Yield ~ 1 + rr(0 + third | Batch, 2), steps = "third")
add("cake_rr2", "cake", angle ~ recipe + temp + rr(0 + recipe | replicate, 2), TRUE)
add("oats_rr2", "oats", yield ~ nitro + rr(0 + Variety | Block, 2))
for (rank in 3:5)
  add(paste0("sleep_period_rr", rank), "sleepstudy", steps = "period",
      update_text(Reaction ~ Days, sprintf("rr(0 + period | Subject, %d)", rank)), rank == 4)
add("oxide_homcs", "oxide", Thickness ~ Source + homcs(0 + Wafer | Lot), program = "nlme")
add("oxide_toep", "oxide", Thickness ~ Source + toep(0 + Wafer | Lot))
## A structured term beside others.
add("oats_ar1_and_plots", "oats",
    yield ~ nitro + ar1(0 + nitrogen | Block) + (1 | Block:Variety), steps = "nitrogen")
add("oats_homcs", "oats", yield ~ nitro + Variety + homcs(0 + Variety | Block), program = "nlme")
add("oats_cs", "oats", yield ~ nitro + Variety + cs(0 + Variety | Block))
add("cake_ar1", "cake", angle ~ recipe * temp + ar1(0 + heat | recipe:replicate),
    steps = "heat")
add("cake_ar1_and_replicates", "cake",
    angle ~ recipe + temp + ar1(0 + heat | recipe:replicate) + (1 | replicate), steps = "heat")
add("cake_two_structures", "cake",
    angle ~ recipe + temp + cs(0 + recipe | replicate) + ar1(0 + heat | recipe:replicate),
    steps = "heat")
add("pastes_cs", "pastes", strength ~ 1 + cs(0 + cask | batch))
add("pastes_homcs", "pastes", strength ~ 1 + homcs(0 + cask | batch), program = "nlme")
add("oxide_cs_and_lots", "oxide", Thickness ~ Source + cs(0 + Wafer | Lot), TRUE)
add("oxide_diag", "oxide", Thickness ~ Source + diag(0 + Wafer | Lot) + (1 | Lot:Wafer), FALSE)
## Correlations near 1, time in levels; rows missing.
add("bodyweight_ar1", "bodyweight", weight ~ week * Diet + ar1(0 + week_level | Rat),
    steps = c("weekly", "week_level"))
add("bodyweight_ar1_and_slope", "bodyweight",
    weight ~ week * Diet + ar1(0 + week_level | Rat) + (0 + week | Rat),
    steps = c("weekly", "week_level"))
add("bodyweight_ar1_holes", "bodyweight", weight ~ week * Diet + ar1(0 + week_level | Rat),
    steps = c("weekly", "week_level", "holes"))
add("sleep_ar1_holes", "sleepstudy", Reaction ~ Days + ar1(0 + period | Subject) + (1 | Subject),
    TRUE, steps = c("period", "holes"), starts = 1)
add("egsingle_ar1", "egsingle", math ~ year * female + ar1(0 + grade_level | schoolid) +
      (year | childid), TRUE, steps = "grade_level", starts = 0)
add("egsingle_two", "egsingle", math ~ year + cs(0 + retained | schoolid) + diag(year | childid),
    TRUE, starts = 0)
add("egsingle_two_limit", "egsingle",
    math ~ year + cs(0 + female | schoolid) + diag(year | childid), TRUE, starts = 0)
add("wheat_blocks_and_varieties", "wheat2",
    yield ~ latitude + homdiag(latitude + longitude | Block) + (1 | variety), TRUE,
    program = "lme4")

## Residual structures.
lme_model <- function(...) add(..., program = "nlme")
lme_model("orthodont_strata", "orthodont", distance ~ age * Sex + (1 | Subject), strata = "Sex")
lme_model("orthodont_slope_strata", "orthodont", distance ~ age * Sex + (age | Subject),
          strata = "Sex")
lme_model("machines_strata", "machines", score ~ Machine + (1 | Worker), strata = "Machine")
lme_model("dialyzer_strata", "dialyzer", rate ~ QB * (pressure + I(pressure^2)) + (1 | Subject),
          strata = "QB")
lme_model("dialyzer_slope_strata", "dialyzer",
          rate ~ QB * (pressure + I(pressure^2)) + (pressure | Subject), TRUE, strata = "QB")
lme_model("sleep_slope_strata", "sleepstudy", Reaction ~ Days + (Days | Subject),
          steps = "period", strata = "period")
lme_model("sleep_ar1", "sleepstudy", Reaction ~ Days + (1 | Subject), ar1 = "Days | Subject")
lme_model("sleep_slope_ar1", "sleepstudy", Reaction ~ Days + (Days | Subject),
          ar1 = "Days | Subject")
lme_model("orthodont_ar1", "orthodont", distance ~ age * Sex + (1 | Subject), steps = "visit",
          ar1 = "visit | Subject")
lme_model("orthodont_slope_ar1", "orthodont", distance ~ age * Sex + (age | Subject), TRUE,
          steps = "visit", ar1 = "visit | Subject")
lme_model("ovary_ar1", "ovary", follicles ~ sine + cosine + (1 | Mare), ar1 = "turn | Mare")
lme_model("ovary_slope_ar1", "ovary", follicles ~ sine + cosine + (sine | Mare),
          ar1 = "turn | Mare")
lme_model("ovary_diag_ar1", "ovary", follicles ~ sine + cosine + diag(sine | Mare), TRUE,
          ar1 = "turn | Mare")
lme_model("bodyweight_slope_ar1", "bodyweight", weight ~ week * Diet + (week | Rat),
          steps = "weekly", ar1 = "week | Rat")
lme_model("dialyzer_ar1", "dialyzer", rate ~ QB * (pressure + I(pressure^2)) + (1 | Subject),
          ar1 = "index | Subject")
lme_model("sleep_ar1_gaps", "sleepstudy", Reaction ~ Days + (1 | Subject),
          steps = "holes", ar1 = "Days | Subject", gaps = TRUE)
lme_model("dialyzer_strata_ar1", "dialyzer",
          rate ~ QB * (pressure + I(pressure^2)) + (1 | Subject), strata = "QB",
          ar1 = "index | Subject")

## ---------------------------------------------------------------------------
## 3. The record of a model
## ---------------------------------------------------------------------------

plain <- function(m) { m <- as.matrix(m); dimnames(m) <- NULL; m }
list_of <- function(x) I(unname(x))
compact <- function(x) x[!vapply(x, is.null, NA)]

terms_record <- function(terms, columns, covs) lapply(seq_along(terms), function(i) {
  compact(list(kind = terms[[i]]$kind, rank = terms[[i]]$rank,
    group = gsub(" ", "", text_of(terms[[i]]$bar[[3]])), names = list_of(columns[[i]]),
    cov = plain(covs[[i]])))
})

record <- function(model) {
  set.seed(20240501)
  d <- prepared(model)
  residual <- !is.null(model$ar1) || !is.null(model$strata)
  notes <- character()
  if (!residual) {
    problem <- hand(model, d)
    by_hand <- minimise_hand(problem, model$starts)
    relative <- problem$covariances(by_hand$par)
    checked <- problem$fit_at(relative)
    checked$covs <- lapply(relative, function(m) m * checked$sigma^2)
    checked$converged <- by_hand$converged; checked$gradient <- by_hand$gradient
  }
  fit <- switch(model$program,
    glmmTMB = fit_glmmtmb(model, d, if (by_hand$at_bound > 0) 1 else model$starts, checked),
    nlme = fit_nlme(model, d), lme4 = checked)
  if (model$program == "glmmTMB") {
    ## Near singular covariances glmmTMB's criterion can be wrong by units: then only from lme4's
    ## optimum.
    true_at <- function(fit) tryCatch(
      problem$fit_at(lapply(fit$covs, function(m) m / fit$sigma^2)),
      error = function(e) list(logLik = NaN))
    fit$again <- true_at(fit)
    if (!isTRUE(abs(fit$again$logLik - fit$logLik) < 1e-6)) {
      notes <- c(notes, "glmmTMB's criterion is wrong where it stopped")
      fit <- fit_glmmtmb(model, d, 0, checked)
      fit$again <- true_at(fit)
    }
  }
  program <- model$program
  if (!residual && program != "lme4") {
    below <- checked$logLik - fit$logLik
    usable <- is.finite(below) && isTRUE(abs(fit$again$logLik - fit$logLik) < 1e-6) ||
      program == "nlme"
    if (by_hand$at_bound > 0 || !usable || below > 1e-8) program <- "lme4"
    if (usable && below > 1e-3)
      notes <- c(notes, paste(model$program, "stopped below the best optimum"))
    if (usable && below < -1e-7) notes <- c(notes, "lme4 by hand stopped below the stored optimum")
    crosscheck <- list(program = model$program, logLik = if (usable) fit$logLik else NA)
    if (program == "lme4") fit <- checked
    else crosscheck <- list(program = "lme4", logLik = checked$logLik)
  } else crosscheck <- NULL
  if (program == "glmmTMB") {
    fit$vcov <- fit$again$vcov; fit$nobs <- fit$again$nobs
    names(fit$fixef) <- names(fit$again$fixef)
  }
  terms <- split_formula(model$formula)$terms
  columns <- if (residual) fit$columns else problem$columns
  ## A covariance of full form that is singular, or one of rank d that has fewer.
  degenerate <- function(m, term) {
    e <- eigen(m, TRUE, TRUE)$values
    e[min(length(e), term$rank)] < 1e-7 * max(e, fit$sigma^2)
  }
  boundary <- (!residual && by_hand$at_bound > 0) || any(mapply(degenerate, fit$covs, terms))
  structure_text <- c(
    if (!is.null(model$strata)) sprintf("strata(%s)", model$strata),
    if (!is.null(model$ar1)) sprintf("ar1(%s)", model$ar1))
  compact(list(
    id = model$id, dataset = model$dataset, formula = text_of(model$formula),
    residual = if (residual) paste(structure_text, collapse = " + "),
    reml = model$reml, program = program,
    preprocessing = list_of(vapply(model$steps, function(s) STEPS[[s]]$pandas, "")),
    nobs = fit$nobs, names = list_of(names(fit$fixef)), fixef = list_of(fit$fixef),
    vcov = plain(fit$vcov), sigma = fit$sigma, logLik = fit$logLik,
    terms = terms_record(terms, columns, fit$covs),
    strata = fit$strata, phi = fit$phi, boundary = boundary, converged = fit$converged,
    gradient = fit$gradient,
    crosscheck = crosscheck, notes = list_of(notes)))
}

## ---------------------------------------------------------------------------
## 4. Run
## ---------------------------------------------------------------------------

wanted <- if (is.null(ONLY)) MODELS else MODELS[grepl(ONLY, names(MODELS))]
results <- list()
failed <- character()
for (model in wanted) {
  begin <- proc.time()[[3]]
  result <- tryCatch(record(model), error = function(e) e)
  if (inherits(result, "error")) {
    cat(sprintf("%-36s FAILED: %s\n", model$id, conditionMessage(result)))
    failed <- c(failed, model$id)
    next
  }
  results <- c(results, list(result))
  cat(sprintf("%-36s %-8s %16.9f %10.1e %8s g=%7.1e %5.1fs %s\n", result$id, result$program,
    result$logLik, (result$crosscheck$logLik %||% NA) - result$logLik,
    if (result$boundary) "boundary" else "interior", result$gradient,
    proc.time()[[3]] - begin, paste(result$notes, collapse = "; ")))
}

versions <- c(list(R = paste(R.version$major, R.version$minor, sep = ".")),
  sapply(PACKAGES, function(p) as.character(packageVersion(p)), simplify = FALSE))
session <- sessionInfo()
versions$BLAS <- basename(session$BLAS)
versions$platform <- session$platform
text <- toJSON(list(versions = versions, factors = lapply(NEW_FACTORS, I), models = results),
               auto_unbox = TRUE, digits = I(15), null = "null", na = "null")
if (is.null(ONLY) && !length(failed)) {
  ## gzip -n leaves the time out: the same results give the same bytes.
  plain_file <- sub("\\.gz$", "", OUT)
  writeLines(text, plain_file)
  stopifnot(system2("gzip", c("-9", "-n", "-f", plain_file)) == 0)
} else writeLines(text, "structures.json")
if (length(failed)) stop("failed: ", paste(failed, collapse = ", "))
