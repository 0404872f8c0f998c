-- SPDX-License-Identifier: Apache-2.0
-- Public tables, from the files of pinned packages (:source) to the demo's folder (:target).
-- Sources and licences: tools/demo/README.md.
COPY (
    SELECT make_date(year, month, day) AS flight_date, carrier, flight, tailnum, origin, dest, dep_delay, arr_delay, air_time, distance
    FROM read_csv(':source/flights.csv', nullstr = ['', 'NA'])
    WHERE month >= 10
    ORDER BY flight_date, carrier, flight
) TO ':target/flights.parquet' (FORMAT parquet, COMPRESSION zstd);
COPY (SELECT * FROM read_csv(':source/airlines.csv')) TO ':target/airlines.csv' (HEADER);
COPY (
    SELECT faa, name, lat, lon, alt AS altitude_feet, tzone AS time_zone FROM read_csv(':source/airports.csv', nullstr = ['', 'NA', '\N'])
) TO ':target/airports.csv' (HEADER);
COPY (
    SELECT tailnum, year AS year_built, type, manufacturer, model, engines, seats, engine
    FROM read_csv(':source/planes.csv', nullstr = ['', 'NA'])
) TO ':target/planes.csv' (HEADER);
COPY (SELECT * FROM read_csv(':source/gapminder.csv')) TO ':target/gapminder.csv' (HEADER);
COPY (
    SELECT "Flight Date" AS flight_date, "Airport Name" AS airport, "Aircraft Airline Operator" AS operator, "Origin State" AS state,
           "Phase of flight" AS phase, "Wildlife Species" AS species, "Wildlife Size" AS wildlife_size, "Time of day" AS time_of_day,
           "Effect Amount of damage" AS damage, "Cost Total $" AS total_cost, "Speed IAS in knots" AS speed_knots
    FROM read_csv(':source/birdstrikes.csv')
) TO ':target/birdstrikes.csv' (HEADER);
COPY (SELECT * FROM read_csv(':source/weather.csv')) TO ':target/weather.csv' (HEADER);
COPY (
    SELECT series AS industry, make_date(year, month, 1) AS month_start, count AS unemployed_thousands, rate AS unemployment_rate
    FROM read_json(':source/unemployment-across-industries.json')
    ORDER BY month_start, industry
) TO ':target/unemployment.parquet' (FORMAT parquet, COMPRESSION zstd);
