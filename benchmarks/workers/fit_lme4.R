# lme4 in R.
suppressMessages(library(lme4))
source("benchmarks/workers/loop.R")

control_of <- function(model) {
  if (model$derivatives) lmerControl() else lmerControl(calc.derivs = FALSE)
}

prepare <- function(model, data) {
  force(data)
  formula <- as.formula(model$formula)
  if (!is.null(model$family)) {
    control <- glmerControl(calc.derivs = model$derivatives)
    trials <- if (is.null(model$weights)) NULL else data[[model$weights]]
    return(function() {
      glmer(formula, data, family = model$family, weights = trials, control = control)
    })
  }
  control <- control_of(model)
  if (model$entry == "frame") {
    return(function() lmer(formula, data, REML = model$reml, control = control))
  }
  if (model$entry == "refits") {
    fitted <- lmer(formula, data, REML = model$reml, control = control)
    return(function() {
      bootMer(fitted, function(fit) c(fixef(fit), getME(fit, "theta"), sigma(fit)), nsim = REFITS)
      fitted
    })
  }
  if (model$entry %in% names(QUESTIONS)) {
    ask <- QUESTIONS[[model$entry]]
    fitted <- lmer(formula, data, REML = model$reml, control = control)
    group <- names(ranef(fitted))[[1]]
    return(function() {
      ask(fitted, data, group)
      fitted
    })
  }
  parts <- lFormula(formula, data, REML = model$reml, control = control)
  function() {
    criterion <- do.call(mkLmerDevfun, parts)
    optimum <- optimizeLmer(criterion)
    mkMerMod(environment(criterion), optimum, parts$reTrms, fr = parts$fr)
  }
}

# Questions to a fitted model. A fit of lmerTest differentiates it: that is its price of a test.
QUESTIONS <- list(
  "kenward-roger" = function(fitted, data, group) {
    coef(summary(lmerTest::as_lmerModLmerTest(fitted), ddf = "Kenward-Roger"))
  },
  "anova" = function(fitted, data, group) {
    anova(lmerTest::as_lmerModLmerTest(fitted), type = 3)
  },
  "leave-one-out" = function(fitted, data, group) {
    for (level in levels(data[[group]])) {
      lmer(formula(fitted), data[data[[group]] != level, ], start = getME(fitted, "theta"),
        control = lmerControl(calc.derivs = FALSE))
    }
  }
)

# Refits in one call of bootMer; times are of one.
REFITS <- 200

serve("lme4", prepare, function(result, fits) {
  messages <- unlist(result@optinfo$conv$lme4$messages)
  list(
    objective = -2 * as.numeric(logLik(result)),
    evaluations = result@optinfo$feval,
    note = if (fits > 1) paste("bootMer,", fits, "refits")
      else if (length(messages)) messages[[1]] else ""
  )
}, fits_of = function(model) if (model$entry == "refits") REFITS else 1)
