# The loop of a worker in R: the same requests and answers as loop.py.
suppressMessages(library(jsonlite))

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

cpu_clock <- function() sum(proc.time()[c("user.self", "sys.self")])

# A task is run `count` times; one run makes `fits` fits, and times are of one.
timed <- function(task, count, fits, outcome) {
  invisible(gc(FALSE))
  clock <- Sys.time()
  cpu <- cpu_clock()
  for (i in seq_len(count)) result <- suppressMessages(suppressWarnings(task()))
  times <- list(
    seconds = as.numeric(difftime(Sys.time(), clock, units = "secs")) / (count * fits),
    cpu_seconds = (cpu_clock() - cpu) / (count * fits)
  )
  c(times, outcome(result, fits))
}

# Answers requests until the input ends.
serve <- function(package, prepare, outcome, fits_of = function(model) 1) {
  task <- NULL
  fits <- 1
  input <- file("stdin")
  open(input)
  while (length(line <- readLines(input, n = 1L)) > 0L) {
    request <- fromJSON(line)
    answer <- tryCatch(
      switch(request$op,
        describe = list(version = as.character(packageVersion(package))),
        load = {
          fits <- fits_of(request$model)
          task <- prepare(request$model, read_data(request$data))
          structure(list(), names = character())
        },
        fit = timed(task, request$count, fits, outcome)
      ),
      error = function(e) list(error = conditionMessage(e))
    )
    cat(toJSON(answer, auto_unbox = TRUE, digits = NA, null = "null"), "\n", sep = "")
    flush(stdout())
  }
}
