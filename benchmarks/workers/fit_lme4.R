# lme4 in R: the same requests and answers as workers/loop.py.
suppressMessages({
  library(lme4)
  library(jsonlite)
})

read_data <- function(folder) {
  columns <- fromJSON(file.path(folder, "columns.json"), simplifyDataFrame = FALSE)
  values <- lapply(columns, function(column) {
    path <- file.path(folder, column$file)
    if (column$type == "double") {
      readBin(path, "double", n = column$rows, size = 8)
    } else {
      codes <- readBin(path, "integer", n = column$rows, size = 4)
      if (column$type == "integer") codes
      else structure(codes + 1L, levels = as.character(column$levels), class = "factor")
    }
  })
  names(values) <- vapply(columns, function(column) column$name, "")
  as.data.frame(values)
}

control_of <- function(model) {
  if (model$derivatives) lmerControl() else lmerControl(calc.derivs = FALSE)
}

prepare <- function(model, data) {
  force(data)
  formula <- as.formula(model$formula)
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

fit <- function(task, count, fits) {
  invisible(gc(FALSE))
  clock <- Sys.time()
  for (i in seq_len(count)) result <- suppressMessages(suppressWarnings(task()))
  seconds <- as.numeric(difftime(Sys.time(), clock, units = "secs")) / (count * fits)
  messages <- unlist(result@optinfo$conv$lme4$messages)
  list(
    seconds = seconds,
    objective = -2 * as.numeric(logLik(result)),
    evaluations = result@optinfo$feval,
    note = if (fits > 1) paste("bootMer,", fits, "refits")
      else if (length(messages)) messages[[1]] else ""
  )
}

task <- NULL
fits <- 1
input <- file("stdin")
open(input)
while (length(line <- readLines(input, n = 1L)) > 0L) {
  request <- fromJSON(line)
  answer <- tryCatch(
    switch(request$op,
      describe = list(version = as.character(packageVersion("lme4"))),
      load = {
        fits <- if (request$model$entry == "refits") REFITS else 1
        task <- prepare(request$model, read_data(request$data))
        structure(list(), names = character())
      },
      fit = fit(task, request$count, fits)
    ),
    error = function(e) list(error = conditionMessage(e))
  )
  cat(toJSON(answer, auto_unbox = TRUE, digits = NA, null = "null"), "\n", sep = "")
  flush(stdout())
}
