#!/usr/bin/env bash
# Writes a folder of models, all or those that are named, the rows that are new to them, and what they predict of these, as the
# program of GOODFIT does:
#     GOODFIT=target/release/goodfit bash make.sh 0.1.0-training kinds prices
#     GOODFIT=target/release/goodfit bash make.sh 0.1.0-ensembles networks tabm
# A folder that stands here is never written again: it is what a version left.
set -euo pipefail
folder=$(dirname "$(realpath "$0")")/$1
goodfit=$(realpath "$GOODFIT")
models=${*:2}
mkdir "$folder" && cd "$(mktemp -d)"

awk 'BEGIN {
    srand(7)
    split("Bonn Kiel Ulm Graz Bern Linz", cities)
    print "x,size,city,day,kind,price"
    for (i = 0; i < 120; i++) {
        x = rand() * 10; size = int(rand() * 40); c = 1 + int(rand() * 6); d = 1 + int(rand() * 28)
        kind = x + c + 2 * rand() > 9 ? "high" : (size > 20 ? "low" : "mid")
        gap = i % 17 == 3
        printf "%s,%d,%s,2024-03-%02d,%s,%.3f\n", gap ? "" : sprintf("%.2f", x), size, i % 23 == 5 ? "" : cities[c], d,
            kind, 3 * x - c + size / 10 + rand()
    }
}' > rows.csv
cat > "$folder/new.csv" <<'ROWS'
day,x,city,more,size
2024-03-05,2.5,Kiel,a,12
2024-04-01,,Ulm,b,3
2024-03-31,1e9,Oslo,c,0
,-3,,d,39
2024-03-10,7.25,Bern,e,
ROWS

train() {
    [[ " ${models:-$3} " == *" $3 "* ]] || return 0
    "$goodfit" train rows.csv --target "$1" --kind "$2=unused" --out "$3" --quiet "${@:4}" --set training.epochs=8
    "$goodfit" predict "$3" "$folder/new.csv" > "$folder/$3.csv"
    mkdir "$folder/$3"
    cp "$3"/{model.toml,schema.json,weights.safetensors,baselines.json,training.json} "$folder/$3"
}
# Embedded levels and numbers, and the classes of three.
train kind price kinds --preset plain --set network.hidden=[8,4] --set data.one_hot_limit=3 \
    --set network.numeric_embedding=pbld --set network.embedding_size=3
# What a table is trained by where nobody says otherwise, but narrow; quantiles; test rows opened once.
train price kind prices --set network.hidden=[8,8] --set data.scaling=quantile
if [ -d "$folder/prices" ]; then
    "$goodfit" evaluate prices --open-test > /dev/null
    cp prices/openings.jsonl "$folder/prices"
fi
# Networks with seeds of their own, and members that share weights.
train kind price networks --preset plain --set network.hidden=[8,4] --set training.ensemble=3
train price kind tabm --preset tabm --set network.depth=2 --set network.width=8 --set network.members=4
