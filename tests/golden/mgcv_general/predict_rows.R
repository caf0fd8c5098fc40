# Predictions of mgcv with random terms included. Usage: Rscript predict_rows.R MODEL FOLDER
# 60 rows: every speaker and item, times beyond the table's (-0.1 to 1.1); all terms, then without the first random one.
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
a <- commandArgs(TRUE); model <- a[1]; out <- a[2]
d <- read.csv(file.path(out, "data_a.csv"), stringsAsFactors = FALSE)
words <- unique(d$Word)
d$Word <- factor(d$Word, levels = words); d$WordO <- as.ordered(d$Word); contrasts(d$WordO) <- "contr.treatment"
for (n in c("Token", "Speaker", "Item")) d[[n]] <- factor(d[[n]])
J <- fromJSON(file.path(out, paste0("a_", model, ".json")))
f <- as.formula(J$formula)
m <- if (J$rho > 0) bam(f, data = d, method = "fREML", rho = J$rho, AR.start = d$Start == 1, chunk.size = nrow(d) + 1) else gam(f, data = d, method = "REML")
i <- 0:59
nd <- data.frame(Time = round(-0.1 + 1.2 * i / 59, 6), Word = factor(words[i %% 3 + 1], levels = words), Speaker = factor(levels(d$Speaker)[i %% 18 + 1], levels = levels(d$Speaker)),
  Item = factor(levels(d$Item)[(i %/% 2) %% 12 + 1], levels = levels(d$Item)), Token = factor(levels(d$Token)[i + 1], levels = levels(d$Token)), Dur = round(mean(d$Dur) + 0.05 * sin(i), 6))
nd$WordO <- factor(nd$Word, levels = words, ordered = TRUE); contrasts(nd$WordO) <- "contr.treatment"
ran <- sapply(m$smooth, function(z) inherits(z, "fs.interaction") || inherits(z, "random.effect"))
first <- sapply(m$smooth, function(z) z$label)[ran][1]
p <- predict(m, nd, se.fit = TRUE); q <- predict(m, nd, se.fit = TRUE, exclude = first)
nd$WordO <- NULL
write.csv(data.frame(nd, fit = as.numeric(p$fit), se = as.numeric(p$se.fit), excluded = first, fit_without = as.numeric(q$fit), se_without = as.numeric(q$se.fit)),
  file.path(out, paste0("a_", model, "_rows.csv")), row.names = FALSE)
