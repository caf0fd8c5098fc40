# What R draws with seed 1, how it writes numbers, and which rows of a large table mgcv takes as knots.
# Usage, in this folder, in the C locale: LC_ALL=C Rscript knot_draw.R  (writes knot_draw.json)
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
draws <- lapply(list(c(1, 1, 1), c(10, 10, 1), c(2370, 12, 1), c(65537, 12, 1), c(3e6, 12, 1), c(50, 12, 7)), function(a) {
  set.seed(a[3]); list(n = a[1], size = a[2], seed = a[3], drawn = as.list(sample(1:a[1], a[2]))) })
numbers <- c(0, 1e-4, 1.2e-4, 1e5, 123456, -0.5, 1e15, 1e16, 1/3, -1e-5/3, 0.1 + 0.2, 1e5 + .1, 1234567.125, -2, 0.00001234, 1e-300, 33554432.123456789)
d <- expand.grid(Time = round((0:14) / 14, 6), j = 0:139)
d$Dur <- round(.05 + ((d$j * 37) %% 151)^2 / 90000, 4)
d <- d[!duplicated(d[, c("Time", "Dur")]), ]
d <- rbind(d, d[d$j < 20, ])  # some rows twice
sm <- smoothCon(s(Time, Dur, k = 10), data = d)[[1]]
K <- sweep(sm$Xu, 2, -as.numeric(sm$shift))
u <- unique(d[, c("Time", "Dur")]); u <- u[order(u$Time, u$Dur), ]
out <- which(!(paste(round(u$Time, 6), round(u$Dur, 4)) %in% paste(round(K[, 1], 6), round(K[, 2], 4))))
cat(nrow(u), nrow(K), length(out), "\n")
writeLines(toJSON(list(draws = draws, numbers = numbers, texts = as.character(numbers), n_rows = nrow(u), left_out = out, scale = sm$S.scale), auto_unbox = TRUE, digits = NA), "knot_draw.json")
