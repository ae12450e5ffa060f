(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const SCALE = 10000;
  const LINE_GAP = 4.5;
  const BAND = 36;
  const BEFORE = [340, 112];
  const BUTTONS_PX = 46;
  const data = JSON.parse(document.getElementById("donnees").textContent);
  const words = data.mots;
  const BESIDE = "aujourdhui" in words.vues ? "aujourdhui" : "avant";
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const coarse = window.matchMedia("(pointer: coarse)").matches;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  document.body.classList.remove("sans-script");

  /** The longest table is written short: its cells get their headings and sides here. */
  document.querySelectorAll("table.longue").forEach((table) => {
    const heads = [...table.tHead.rows[0].cells];
    [...table.tBodies].flatMap((body) => [...body.rows]).forEach((row) => {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, place) => {
        cell.setAttribute("role", place ? "cell" : "rowheader");
        cell.dataset.titre = heads[place].textContent;
        cell.className = heads[place].className;
      });
    });
    table.classList.add("tableau");
  });

  const map = L.map("plan", {
    zoomControl: false,
    attributionControl: false,
    scrollWheelZoom: false,
    dragging: !coarse,
    zoomSnap: 0.25,
    zoomDelta: 0.5,
    maxZoom: 14,
    zoomAnimation: !calm,
    fadeAnimation: false,
    markerZoomAnimation: !calm,
    inertia: !calm,
  });
  L.control
    .zoom({ position: "bottomright", zoomInTitle: words.plus, zoomOutTitle: words.moins })
    .addTo(map);
  L.control.scale({ imperial: false, maxWidth: 110 }).addTo(map);
  map.on("click", () => map.scrollWheelZoom.enable());
  map.on("mouseout", () => map.scrollWheelZoom.disable());

  const pane = (name, level) => {
    const made = map.createPane(name);
    made.style.zIndex = level;
    return name;
  };
  pane("fond", 380);
  pane("limites", 410);
  pane("traces", 430);
  pane("cadre", 440);
  pane("noms", 590);
  pane("fixes", 599);
  pane("communes-gauche", 402);
  pane("limites-gauche", 412);
  pane("traces-gauche", 432);
  pane("noms-gauche", 591);
  pane("reperes-gauche", 601);

  // --- small helpers ------------------------------------------------------------------------

  const node = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const badge = (shape, className, text) => {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", `repere ${className}`);
    svg.setAttribute("viewBox", "-16 -16 32 32");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `#forme-${shape}`);
    svg.append(use);
    if (text) {
      const label = document.createElementNS(SVG, "text");
      label.setAttribute("text-anchor", "middle");
      label.setAttribute("y", "4.5");
      label.textContent = text;
      svg.append(label);
    }
    return svg;
  };

  /** Rings written as a start and steps, as latitudes and longitudes. */
  const rings = (contours) =>
    contours.map((steps) => {
      const ring = [];
      for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
        x += steps[i];
        y += steps[i + 1];
        ring.push([y / SCALE, x / SCALE]);
      }
      return [ring];
    });

  /** What is told of a thing; of a commune also how far a counter is, the new tour first. */
  const linesOf = (thing) => {
    if (!thing.code) return thing.lignes;
    const told = Object.keys(words.vues).map((view) => {
      const [, , minutes, , where] = thing[view];
      return `${words.vues[view]}\u00a0: ${[minutes, data.accueils[where]].filter(Boolean).join(", ")}`;
    });
    return [...thing.lignes, ...told.reverse()];
  };

  const spoken = (thing) => [thing.nom, ...linesOf(thing)].join(". ");

  // --- the whole map in view ----------------------------------------------------------------

  const bounds = L.latLngBounds(data.communes.map((commune) => commune.point));
  data.communes.forEach((commune) => rings(commune.contours).forEach((r) => bounds.extend(r)));
  data.depots.forEach((depot) => bounds.extend(depot.point));

  const fit = () => {
    map.invalidateSize({ animate: false, pan: false });
    map.setMinZoom(0);
    map.fitBounds(bounds, {
      animate: false,
      paddingTopLeft: [14, 14],
      paddingBottomRight: [14, root.classList.contains("a-imprimer") ? 14 : BUTTONS_PX],
    });
    map.setMinZoom(map.getZoom() - 0.5);
  };

  /** On a narrow screen the tour comes first; the rest is a button away. */
  const start = () => {
    fit();
    if (map.getSize().x < 500) fitTour();
  };

  /** The stops of the chosen week and vehicle, and the agencies they are reached from. */
  const fitTour = () => {
    const view = state.view === "avant" ? "apres" : state.view;
    const days = data.journees.filter((day) => day.vue === view && chosen(day.semaine, day.vehicule));
    const left = data.depots.filter(
      (depot) => depot.vue === view && days.some((day) => day.agence === depot.agence)
    );
    const tour = [...days.flatMap((day) => day.arrets), ...left].map((thing) => thing.point);
    if (!tour.length) return;
    map.fitBounds(L.latLngBounds(tour), {
      animate: false,
      paddingTopLeft: [24, 48],
      paddingBottomRight: [24, BUTTONS_PX + 10],
      maxZoom: Math.max(11, map.getZoom()),
    });
  };

  // --- what is shown ------------------------------------------------------------------------

  const state = {
    view: "apres",
    week: byId("semaine") ? "1" : "",
    kept: false,
    vehicle: "",
    hidden: new Set(),
    share: 0,
  };

  /** The map, and what stands left of the slider when it is moved: each with its panes. */
  const side = (suffix, view, panes) => {
    const names = map.getPane(`noms${suffix}`);
    names.setAttribute("aria-hidden", "true");
    return {
      view,
      names,
      limits: `limites${suffix}`,
      lines: `traces${suffix}`,
      panes: panes.map((one) => map.getPane(one)),
      doubts: L.layerGroup().addTo(map),
      routes: L.layerGroup().addTo(map),
    };
  };
  const right = side("", () => state.view, ["overlayPane", "limites", "traces", "noms", "markerPane"]);
  const left = side("-gauche", () => (state.share ? BESIDE : ""), [
    "communes-gauche", "limites-gauche", "traces-gauche", "noms-gauche", "reperes-gauche",
  ]);
  const sides = [right, left];
  const keyOf = (day) => `${day.vue}-${day.numero}`;
  const chosen = (week, vehicle) =>
    (!state.week || state.week === String(week)) && (!state.vehicle || state.vehicle === vehicle);
  map.setMaxBounds(bounds.pad(0.5));
  start();
  const detail = byId("detail");
  const frame = L.polygon([], { pane: "cadre", interactive: false, className: "cadre", noClip: true });
  frame.addTo(map);

  const show = (thing) => {
    const lines = node("ul");
    linesOf(thing).forEach((line) => lines.append(node("li", "", line)));
    detail.replaceChildren(node("p", "titre", thing.nom), lines);
    frame.setLatLngs(thing.contours ? rings(thing.contours) : []);
  };

  const tip = (thing, of = right) => () => {
    const box = node("div");
    box.append(node("strong", "", thing.nom));
    if (thing.code) box.append(node("div", "", thing[of.view()][2]));
    return box;
  };

  const zoomKeys = (event) => {
    if (event.key === "+") map.zoomIn();
    else if (event.key === "-") map.zoomOut();
  };

  // --- communes -----------------------------------------------------------------------------

  data.fond.forEach((contours) => {
    L.polygon(rings(contours), {
      pane: "fond", interactive: false, className: "fond", smoothFactor: 0, noClip: true,
    }).addTo(map);
  });

  const area = (commune, options) => {
    const drawn = { smoothFactor: 0, noClip: true, ...options };
    return commune.contours.length
      ? L.polygon(rings(commune.contours), drawn)
      : L.circleMarker(commune.point, { ...drawn, radius: 9 });
  };
  const drawn = (commune, of, options) => {
    const layer = area(commune, { className: "commune", ...options });
    layer.addTo(map).bindTooltip(tip(commune, of), { sticky: true, direction: "auto", offset: [14, 0], opacity: 1 });
    layer.on("mouseover click", () => show(commune));
    return { commune, layer, path: layer.getElement() };
  };
  const communes = data.communes.map((commune) => drawn(commune, right, {}));
  let others = [];

  /** The communes left of the slider are drawn once it is moved. */
  const drawOthers = () => {
    if (others.length) return;
    others = data.communes.map((commune) => drawn(commune, left, { pane: "communes-gauche" }));
    others.forEach(({ path }) => path.setAttribute("aria-hidden", "true"));
  };

  const coloured = ({ commune, path }, view) =>
    path.setAttribute("class", `commune leaflet-interactive classe-${commune[view][0]}`);

  /** Communes so near a limit of their class that they may be in the next: hatched. */
  const drawDoubts = (of) => {
    of.doubts.clearLayers();
    if (!of.view()) return;
    data.communes.filter((commune) => commune[of.view()][3]).forEach((commune) => {
      of.doubts.addLayer(area(commune, { pane: of.limits, interactive: false, className: "limite" }));
    });
  };

  const rove = (chosen) => {
    communes.forEach((c) => c.path.setAttribute("tabindex", c === chosen ? "0" : "-1"));
  };

  const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  /** The nearest commune in a direction; leaving that direction costs twice. */
  const neighbour = (from, [dx, dy]) => {
    const here = map.project(from.commune.point, 10);
    let best = null;
    let least = Infinity;
    communes.forEach((other) => {
      const step = map.project(other.commune.point, 10).subtract(here);
      const ahead = step.x * dx + step.y * dy;
      const aside = Math.abs(step.x * dy) + Math.abs(step.y * dx);
      if (ahead > 0 && aside < 2 * ahead && ahead + 2 * aside < least) {
        least = ahead + 2 * aside;
        best = other;
      }
    });
    return best;
  };

  communes.forEach((c) => {
    c.path.setAttribute("role", "img");
    c.path.setAttribute("aria-label", spoken(c.commune));
    c.path.addEventListener("focus", () => {
      rove(c);
      show(c.commune);
      if (!map.getBounds().contains(c.commune.point)) map.panTo(c.commune.point);
    });
    c.path.addEventListener("keydown", (event) => {
      zoomKeys(event);
      const next = ARROWS[event.key] && neighbour(c, ARROWS[event.key]);
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      if (next) {
        c.layer.closeTooltip();
        rove(next);
        next.path.focus();
      }
    });
  });
  if (communes.length) rove(communes[0]);

  // --- markers ------------------------------------------------------------------------------

  const marker = (thing, icon, size, pane) => {
    const made = L.marker(thing.point, {
      pane,
      icon: L.divIcon({
        html: icon,
        className: "repere-carte",
        iconSize: [size, size],
        iconAnchor: [size / 2, size / 2],
      }),
      riseOnHover: true,
      zIndexOffset: thing.agence ? -1000 : 0,
    });
    made.bindTooltip(tip(thing), { direction: "auto", offset: [size / 2 + 2, 0], opacity: 1 });
    made.on("mouseover click", () => show(thing)).addTo(map);
    const element = made.getElement();
    element.setAttribute("aria-label", spoken(thing));
    element.addEventListener("focus", () => show(thing));
    element.addEventListener("keydown", zoomKeys);
    return { thing, element, size, shift: 0, beside: pane === "reperes-gauche" };
  };

  /** Put aside the marks that stand at the same place as others shown. */
  const seat = (marks) => {
    const seats = new Map();
    marks.forEach((mark) => {
      const here = String(mark.thing.point);
      const taken = seats.get(here) || 0;
      seats.set(here, taken + 1);
      mark.shift = taken * 24;
      mark.element.style.marginLeft = `${mark.shift - mark.size / 2}px`;
    });
  };

  /** What is only in the view that the slider compares with has a pane of its own. */
  const paneOf = (view) => (view === BESIDE ? "reperes-gauche" : "markerPane");

  const stops = data.journees.flatMap((day) =>
    day.arrets.map((stop) => {
      const length = stop.repere.length > 2 ? " long" : "";
      const icon = badge(day.jour, `jour-${day.jour}${length}`, stop.repere);
      return { day, ...marker(stop, icon, 30, paneOf(day.vue)) };
    })
  );
  stops.forEach((stop) => stop.element.classList.add("arret"));
  const depots = data.depots.map((depot) =>
    marker(depot, badge("depot", "depot"), 28, paneOf(depot.vue))
  );
  const fixed = data.fixes.map((place) => marker(place, badge("fixe", "fixe"), 24, "fixes"));

  const dayShown = (day, view) =>
    view === day.vue && !state.hidden.has(keyOf(day)) && chosen(day.semaine, day.vehicule);
  const leaves = (day, depot) =>
    day.vue === depot.vue && day.agence === depot.agence && chosen(day.semaine, day.vehicule);
  const depotShown = ({ thing }, view) =>
    view === thing.vue &&
    (!thing.journees || data.journees.some((day) => leaves(day, thing)));

  // --- routes: days that share a road run side by side --------------------------------------

  const key = (a, b) => (a < b ? `${a}-${b}` : `${b}-${a}`);
  const heading = new Map();
  const links = (way) => way.slice(1).map((b, i) => [way[i], b]);
  data.journees.forEach((day) =>
    day.traces.forEach((way) =>
      links(way).forEach(([a, b]) => {
        if (!heading.has(key(a, b))) heading.set(key(a, b), a);
      })
    )
  );

  /** For each link, the shown days that take it, in order. */
  const sharing = (days) => {
    const users = new Map();
    days.forEach((day) =>
      day.traces.forEach((way) =>
        links(way).forEach(([a, b]) => {
          const found = users.get(key(a, b)) || [];
          users.set(key(a, b), [...found, keyOf(day)]);
        })
      )
    );
    return users;
  };

  /** A way moved aside by its rank among the days that share each link. */
  const beside = (way, day, users) => {
    const zoom = map.getZoom();
    const points = way.map((n) => map.project(data.noeuds[n], zoom));
    const sides = links(way).map(([a, b], i) => {
      const along = points[i + 1].subtract(points[i]);
      const length = Math.hypot(along.x, along.y) || 1;
      const sign = heading.get(key(a, b)) === a ? 1 : -1;
      const days = users.get(key(a, b));
      const gap = Math.min(LINE_GAP, BAND / days.length);
      const by = sign * (days.indexOf(keyOf(day)) - (days.length - 1) / 2) * gap;
      return { x: -along.y / length, y: along.x / length, by };
    });
    const line = [];
    const put = (point, x, y) => line.push(map.unproject(point.add([x, y]), zoom));
    points.forEach((point, i) => {
      const before = sides[i - 1];
      const after = sides[i];
      const cosine = before && after ? before.x * after.x + before.y * after.y : -1;
      if (before && after && before.by === after.by && cosine > -0.3) {
        const by = before.by / (1 + cosine);
        put(point, (before.x + after.x) * by, (before.y + after.y) * by);
        return;
      }
      if (before) put(point, before.x * before.by, before.y * before.by);
      if (after) put(point, after.x * after.by, after.y * after.by);
    });
    return line;
  };

  const drawRoutes = (of) => {
    of.routes.clearLayers();
    const days = data.journees.filter((day) => dayShown(day, of.view()));
    const users = sharing(days);
    const lines = days.map((day) => [day, day.traces.map((way) => beside(way, day, users))]);
    const options = { pane: of.lines, interactive: false, noClip: true, smoothFactor: 0 };
    lines.forEach(([, line]) =>
      of.routes.addLayer(L.polyline(line, { ...options, className: "bord" }))
    );
    lines.forEach(([day, line]) => {
      const className = `trace jour-${day.jour} journee-${keyOf(day)}`;
      of.routes.addLayer(L.polyline(line, { ...options, className }));
    });
  };

  // --- names and minutes, where there is room -----------------------------------------------

  const ruler = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const LINE = 14;

  /** A name on one line, or two or three when it is long. */
  const folded = (name) => {
    if (name.length <= 20) return [name];
    const lines = [""];
    name.split(/(?<=[- ])/).forEach((part) => {
      const last = lines.length - 1;
      if (lines[last] && (lines[last] + part).trim().length > 19) lines.push(part);
      else lines[last] += part;
    });
    return lines.map((line) => line.trim());
  };

  const overlap = (a, b) =>
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

  const AROUND = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [1, 1], [-1, -1], [-1, 1]];

  const boxes = (at, width, height, radius) =>
    AROUND.map(([dx, dy]) => {
      const away = dx && dy ? radius * 0.75 : radius;
      const x = at.x + dx * (away + width / 2 + 2);
      const y = at.y + dy * (away + height / 2);
      return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
    });

  const marksShown = (view) => [
    ...stops.filter((stop) => dayShown(stop.day, view)),
    ...depots.filter((depot) => depotShown(depot, view)),
    ...fixed,
  ];

  const writeLabels = (of) => {
    const view = of.view();
    of.names.replaceChildren();
    if (!view) return;
    const size = map.getSize();
    const place = (point) => map.latLngToContainerPoint(point);
    const shown = marksShown(view);
    const taken = shown.map(({ thing, size: s, shift }) => {
      const at = place(thing.point);
      const half = s / 2 - (s < 28 ? 3 : 0);
      return [at.x + shift - half, at.y - half, at.x + shift + half, at.y + half];
    });
    const write = (lines, className, font, candidates) => {
      ruler.font = `${font} ${family}`;
      const width = Math.max(...lines.map((line) => ruler.measureText(line).width)) + 4;
      const height = lines.length * LINE;
      const box = candidates(width, height).find(
        ([x0, y0, x1, y1]) =>
          x0 >= 2 && y0 >= 2 && x1 <= size.x - 2 && y1 <= size.y - 2 &&
          !taken.some((other) => overlap([x0, y0, x1, y1], other))
      );
      if (!box) return;
      taken.push(box);
      const label = node("div", `nom ${className}`);
      lines.forEach((line) => label.append(node("div", "", line)));
      label.style.width = `${width}px`;
      L.DomUtil.setPosition(label, map.containerPointToLayerPoint([box[0], box[1]]));
      of.names.append(label);
    };
    const done = new Set();
    shown.forEach(({ thing, size: s, shift }) => {
      if (done.has(thing.court)) return;
      done.add(thing.court);
      const at = place(thing.point).add([shift, 0]);
      const strong = !fixed.some((f) => f.thing === thing);
      const font = strong ? "600 12.5px" : "italic 11.5px";
      const radius = s / 2 - (strong ? 0 : 3);
      write(folded(thing.court), strong ? "fort" : "discret", font, (w, h) =>
        boxes(at, w, h, radius)
      );
    });
    communes.forEach(({ commune, layer }) => {
      const at = place(commune.point);
      if (layer.getBounds) {
        const bounds = layer.getBounds();
        const east = place(bounds.getNorthEast());
        if (east.x - place(bounds.getSouthWest()).x < 30) return;
      }
      const [rank, minutes, , near] = commune[view];
      write([minutes], near ? "minutes pres" : `minutes classe-texte-${rank}`, "11px", (w, h) => [
        [at.x - w / 2, at.y - h / 2, at.x + w / 2, at.y + h / 2],
      ]);
    });
  };

  map.on("zoomstart", () => sides.forEach(({ names }) => names.replaceChildren()));
  map.on("zoomend", () => sides.forEach(drawRoutes));
  map.on("moveend", () => sides.forEach(writeLabels));

  // --- the slider: another view left of it ---------------------------------------------------

  const FAR = 20000;
  const slider = byId("comparer");
  const divider = byId("coupe");

  /** Each side shows on its part of the map alone, wherever the map is moved; the keyboard too. */
  const clip = () => {
    const at = state.share * map.getSize().x;
    const corner = map.containerPointToLayerPoint([at, 0]);
    const strip = (from, to) => {
      const [top, bottom] = [corner.y - FAR, corner.y + FAR];
      return `polygon(${from}px ${top}px, ${to}px ${top}px, ${to}px ${bottom}px, ${from}px ${bottom}px)`;
    };
    const cut = (of, value) => of.panes.forEach((one) => (one.style.clipPath = value));
    cut(right, state.share ? strip(corner.x, corner.x + FAR) : "");
    cut(left, state.share ? strip(corner.x - FAR, corner.x) : "");
    divider.style.left = `${at}px`;
    divider.hidden = !state.share;
    [...stops, ...depots].forEach(({ thing, element, beside, shift }) => {
      const off = map.latLngToContainerPoint(thing.point).x + shift - at;
      element.classList.toggle("couvert", Boolean(state.share) && (beside ? off > 0 : off < 0));
    });
  };
  map.on("move zoom resize viewreset", clip);

  /** Show the other view on a share of the map, from the left; none of it puts an end to it. */
  const compare = (percent) => {
    const started = !state.share && percent;
    const ended = state.share && !percent;
    state.share = percent / 100;
    slider.value = String(percent);
    slider.setAttribute("aria-valuetext", `${percent} %${percent ? ` : ${words.vues[BESIDE]}` : ""}`);
    if (started) {
      drawOthers();
      state.view = "apres";
    }
    if (started || ended) refresh();
    clip();
  };
  slider.addEventListener("input", () => compare(Number(slider.value)));

  // --- switches -----------------------------------------------------------------------------

  const refresh = () => {
    const seen = (test) => sides.some((of) => of.view() && test(of.view()));
    communes.forEach((one) => coloured(one, state.view));
    if (state.share) others.forEach((one) => coloured(one, BESIDE));
    stops.forEach((stop) =>
      stop.element.classList.toggle("cache", !seen((view) => dayShown(stop.day, view)))
    );
    depots.forEach((depot) =>
      depot.element.classList.toggle("cache", !seen((view) => depotShown(depot, view)))
    );
    if (state.share) seat(marksShown(BESIDE));
    seat(marksShown(state.view));
    const ofWeek = state.week ? `, ${words.semaine} ${state.week}` : "";
    const ofVehicle = state.vehicle ? `, ${state.vehicle}` : "";
    const view = words.vues[state.view];
    byId("mode").textContent = state.view === "avant" ? view : view + ofWeek + ofVehicle;
    const todays = byId("jours-aujourdhui");
    byId("jours").hidden = state.view !== "apres";
    if (todays) todays.hidden = state.view !== "aujourdhui";
    document.querySelectorAll(".jours label").forEach((label) => {
      label.hidden = !chosen(label.dataset.semaine, label.dataset.vehicule);
    });
    byId("mode-gauche").textContent = state.share ? words.vues[BESIDE] : "";
    document.querySelectorAll("#vue input").forEach((input) => {
      input.checked = input.value === state.view;
    });
    sides.forEach(drawDoubts);
    sides.forEach(drawRoutes);
    sides.forEach(writeLabels);
  };

  document.querySelectorAll("#vue input").forEach((input) => {
    input.addEventListener("change", () => {
      state.view = input.value;
      if (state.share) compare(0);
      else refresh();
      if (map.getSize().x < 500) fitTour();
    });
  });
  document.querySelectorAll(".jours input").forEach((input) => {
    input.checked = true;
    input.addEventListener("change", () => {
      if (input.checked) state.hidden.delete(input.dataset.journee);
      else state.hidden.add(input.dataset.journee);
      refresh();
    });
  });
  const choose = (what, value) => {
    state[what] = value;
    refresh();
    if (state.week || state.vehicle || map.getSize().x < 500) fitTour();
    else fit();
  };
  const week = byId("semaine");
  if (week) {
    week.value = state.week;
    week.addEventListener("change", () => {
      state.kept = true;
      choose("week", week.value);
    });
  }
  const vehicle = byId("vehicule");
  if (vehicle) {
    vehicle.value = "";
    vehicle.addEventListener("change", () => choose("vehicle", vehicle.value));
  }
  const order = new Intl.Collator("fr").compare;
  [...data.communes]
    .sort((a, b) => order(a.nom, b.nom))
    .forEach((commune) => byId("commune").add(new Option(commune.nom, commune.code)));
  byId("commune").addEventListener("change", (event) => {
    const found = communes.find((c) => c.commune.code === event.target.value);
    if (!found) return;
    show(found.commune);
    rove(found);
    if (!map.getBounds().contains(found.commune.point)) map.panTo(found.commune.point);
  });

  // --- the IGN's background, fetched only when the reader asks for it ------------------------

  const IGN =
    "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0" +
    "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png" +
    "&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}";
  const PATIENCE_MS = 10000;
  const ignBox = byId("ign");
  const tell = (what) => (byId("ign-etat").textContent = words.ign[what]);
  let background = null;
  let patience = 0;

  const dropBackground = (what) => {
    clearTimeout(patience);
    if (background) background.remove();
    background = null;
    ignBox.checked = false;
    map.getContainer().classList.remove("avec-ign");
    tell(what);
  };

  const fetchBackground = () => {
    const layer = L.tileLayer(IGN, { maxNativeZoom: 18, alt: "" });
    let seen = false;
    layer.on("tileload", () => {
      if (layer !== background || seen) return;
      seen = true;
      clearTimeout(patience);
      map.getContainer().classList.add("avec-ign");
      tell("credit");
    });
    layer.on("tileerror", () => {
      if (layer === background && !seen) dropBackground("echec");
    });
    background = layer;
    tell("attente");
    patience = setTimeout(() => dropBackground("echec"), PATIENCE_MS);
    layer.addTo(map);
  };

  ignBox.checked = false;
  ignBox.addEventListener("change", () => (ignBox.checked ? fetchBackground() : dropBackground("rien")));

  // --- on screen and on paper ---------------------------------------------------------------

  const reset = L.control({ position: "bottomright" });
  reset.onAdd = () => {
    const button = node("button", "tout", "Tout voir");
    button.type = "button";
    button.addEventListener("click", fit);
    L.DomEvent.disableClickPropagation(button);
    return button;
  };
  reset.addTo(map);

  /** On paper the communes without any tour stand beside: a drawing of its own. */
  const drawBefore = () => {
    const picture = byId("plan-avant");
    if (picture.firstChild) return;
    const corners = (zoom) => [bounds.getNorthWest(), bounds.getSouthEast()].map((at) => map.project(at, zoom));
    const [nw, se] = corners(9);
    const share = Math.min(BEFORE[0] / (se.x - nw.x), BEFORE[1] / (se.y - nw.y));
    const zoom = map.getScaleZoom(share, 9);
    const [first, last] = corners(zoom);
    const left = (first.x + last.x - BEFORE[0]) / 2;
    const top = (first.y + last.y - BEFORE[1]) / 2;
    const place = (point) => map.project(point, zoom).subtract([left, top]);
    picture.setAttribute("viewBox", `0 0 ${BEFORE[0]} ${BEFORE[1]}`);
    const put = (name, className, attributes) => {
      const made = document.createElementNS(SVG, name);
      made.setAttribute("class", className);
      Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
      picture.append(made);
      return made;
    };
    const shape = (className, contours, point) => {
      const at = place(point || [0, 0]);
      if (!contours.length) return put("circle", className, { cx: at.x, cy: at.y, r: 4 });
      const corner = (p) => `${place(p).x.toFixed(1)} ${place(p).y.toFixed(1)}`;
      const lines = rings(contours).map(([ring]) => `M${ring.map(corner).join("L")}Z`);
      return put("path", className, { d: lines.join("") });
    };
    data.fond.forEach((contours) => shape("fond", contours));
    data.communes.forEach((one) => shape(`commune classe-${one.avant[0]}`, one.contours, one.point));
    data.communes
      .filter((one) => one.avant[3])
      .forEach((one) => shape("limite", one.contours, one.point));
    const half = data.fixes.length > 40 ? 1.5 : 2.5;
    data.fixes.forEach((one) => {
      const at = place(one.point);
      put("rect", "point-fixe", { x: at.x - half, y: at.y - half, width: 2 * half, height: 2 * half });
    });
    picture.nextElementSibling.textContent = words.vues.avant;
  };

  const everything = byId("imprimer-tout");
  const openAll = (open) =>
    document.querySelectorAll("details").forEach((part) => {
      if (open) part.dataset.ouvert = part.open;
      part.open = open || part.dataset.ouvert === "true";
    });
  everything.checked = false;
  everything.addEventListener("change", () => root.classList.toggle("imprimer-tout", everything.checked));
  byId("imprimer").addEventListener("click", () => window.print());

  /** On paper every week is shown, unless the reader has chosen one. */
  const printWeek = (value) => {
    if (!week || state.kept) return;
    state.week = value;
    refresh();
  };
  window.addEventListener("beforeprint", () => {
    root.classList.add("a-imprimer");
    if (state.share) compare(0);
    if (everything.checked) openAll(true);
    printWeek("");
    drawBefore();
    fit();
  });
  window.addEventListener("afterprint", () => {
    root.classList.remove("a-imprimer");
    if (everything.checked) openAll(false);
    printWeek("1");
    start();
  });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    start();
  });
  compare(0);
  refresh();
})();
