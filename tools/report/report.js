/* the plot reads the table of days, so that both show the same numbers */
(function () {
    "use strict";

    var rows = document.querySelectorAll("#days tbody tr"), data = [];

    rows.forEach(function (row) {
        data.push([new Date(row.cells[0].textContent + "T00:00:00Z"),
                   parseFloat(row.cells[5].textContent)]);
    });

    if (data.length === 0) {
        return;
    }

    /* a step lasts until the next point: the last day needs one, too */

    data.push([new Date(data[data.length - 1][0].getTime() + 86400000),
               data[data.length - 1][1]]);

    new Dygraph(document.getElementById("plot"), data, {
        labels: ["day", "cost, USD"],
        labelsUTC: true,
        includeZero: true,
        stepPlot: true,
        fillGraph: true,
        colors: ["#2a78d6"],
        ylabel: "USD a day"
    });
}());
