# Fits every data set of a study by lme4 and glmmTMB.
#
#     Rscript studies/generalised.R DATA.csv FORMULA FAMILY NODES > RESULTS.csv
#
# DATA has the column `number` of the data set beside those of the formula. NODES above 1 adds a fit
# by lme4 with that many.
suppressMessages({
  library(lme4)
  library(glmmTMB)
})

arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1])
data$g <- factor(data$g)
formula <- as.formula(arguments[2])
family <- get(arguments[3])()
nodes <- as.integer(arguments[4])

row_of <- function(number, method, fit, beta, vcov, sd, converged, seconds) {
  se <- suppressWarnings(sqrt(diag(as.matrix(vcov))))
  data.frame(number, method, converged, seconds, sd,
    term = c("Intercept", "x", "w"), estimate = unname(beta), se = unname(se)
  )
}

by_lme4 <- function(d, number, nAGQ) {
  seconds <- system.time(fit <- try(suppressWarnings(suppressMessages(
    glmer(formula, d, family, nAGQ = nAGQ)
  )), silent = TRUE))[["elapsed"]]
  if (inherits(fit, "try-error")) return(NULL)
  said <- unlist(fit@optinfo$conv$lme4$messages)
  said <- said[!grepl("singular", said)]
  converged <- length(said) == 0 && fit@optinfo$conv$opt == 0
  covariance <- try(suppressWarnings(vcov(fit)), silent = TRUE)
  if (inherits(covariance, "try-error")) return(NULL)
  sd <- attr(VarCorr(fit)$g, "stddev")[[1]]
  method <- if (nAGQ == 1) "lme4" else paste0("lme4 nAGQ=", nAGQ)
  row_of(number, method, fit, fixef(fit), covariance, sd, converged, seconds)
}

by_glmmtmb <- function(d, number) {
  seconds <- system.time(fit <- try(suppressWarnings(suppressMessages(
    glmmTMB(formula, d, family)
  )), silent = TRUE))[["elapsed"]]
  if (inherits(fit, "try-error")) return(NULL)
  converged <- fit$fit$convergence == 0 && isTRUE(fit$sdr$pdHess)
  sd <- attr(VarCorr(fit)$cond$g, "stddev")[[1]]
  row_of(number, "glmmTMB", fit, fixef(fit)$cond, vcov(fit)$cond, sd, converged, seconds)
}

results <- list()
for (number in unique(data$number)) {
  d <- data[data$number == number, ]
  results <- c(results, list(by_lme4(d, number, 1), by_glmmtmb(d, number)))
  if (nodes > 1) results <- c(results, list(by_lme4(d, number, nodes)))
}
write.csv(do.call(rbind, results), row.names = FALSE)
