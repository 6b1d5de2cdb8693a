# glmmTMB's Laplace log-likelihood at the optima of lme4, for models that both can fit.
#
#     Rscript tools/generalised.R DATA MODELS > VALUES.json
#
# DATA holds the data as CSV files with their levels as NAME.levels.json, MODELS one JSON file for
# each model, as for tools/make_reference.py, which reads VALUES.json. lme4 stores log-likelihoods
# up to the tolerance of its inner search, and with links that are not canonical it approximates
# another function; glmmTMB's value at the same parameters is exact.
suppressMessages({
  library(glmmTMB)
  library(jsonlite)
})

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]

load_data <- function(name) {
  d <- read.csv(file.path(folder, paste0(name, ".csv")), colClasses = NA, na.strings = "")
  levels_of <- fromJSON(file.path(folder, paste0(name, ".levels.json")), simplifyVector = FALSE)
  for (column in names(levels_of)) {
    labels <- unlist(levels_of[[column]]$levels)
    d[[column]] <- factor(as.character(d[[column]]), levels = labels)
  }
  d
}

values <- list()
for (path in sort(Sys.glob(file.path(arguments[2], "*.json")))) {
  model <- fromJSON(path, simplifyVector = FALSE)
  if (model$engine != "lme4::glmer" || model$family == "Gamma" || model$nAGQ != 1) next
  d <- load_data(model$dataset)
  for (step in model$preprocessing) eval(parse(text = step$r))
  call <- list(as.formula(model$formula), data = d, family = get(model$family)(link = model$link))
  if (!is.null(model$weights)) call$weights <- d[[model$weights]]
  fit <- suppressWarnings(do.call(glmmTMB, call))
  terms <- fit$modelInfo$reStruc$condReStruc
  groups <- sub(".*\\| *", "", names(terms))
  at <- unlist(lapply(groups, function(group) {
    term <- Filter(function(v) v$group == group, model$varcorr)[[1]]
    sd <- unlist(term$sd)
    if (length(sd) == 1) return(log(sd))
    rho <- unlist(term$corr[[1]])[2]
    c(log(sd), rho / sqrt(1 - rho^2))
  }))
  beta <- sapply(model$fixef, function(row) row$estimate)
  values[[model$id]] <- -as.numeric(fit$obj$fn(c(beta, at)))
}
cat(toJSON(values, auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")
