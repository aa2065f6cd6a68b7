/** Texts of the list of scans. */

import { textsOf } from "../../i18n/texts";

export const scansTexts = textsOf(
  {
    title: "Scans",
    lead: "What your networks, domains and services show to somebody who looks.",
    filters: { label: "Filters", status: "State", profile: "Profile", any: "Any", clear: "Clear filters" },
    columns: {
      status: "State",
      targets: "Targets",
      profile: "Profile",
      findings: "Findings",
      begun: "Begun",
      duration: "Duration",
    },
    grid: "Scans",
    notBegun: "Not begun",
    newer: (count: number) => (count === 1 ? "Show 1 newer scan" : `Show ${count} newer scans`),
    pages: {
      label: "Pages",
      shown: (count: number) => (count === 1 ? "1 scan on this page" : `${count} scans on this page`),
      first: "First page",
      next: "Next page",
    },
    empty: {
      title: "Nothing was scanned yet",
      text: "A scan looks from outside: which ports answer, what listens there, its certificates, its web headers, the rules of its domain. It breaks nothing.",
      start: "Start the first scan",
      needsGrant:
        "First say what is yours. Nothing is scanned without a grant: a domain you prove yourself, a network is granted by the operator of this installation. It takes a few minutes, once.",
      toGrants: "Say what may be scanned",
      filtered: "No scan fits these filters",
      filteredText: "Widen them, or clear them all.",
    },
  },
  {
    title: "Escaneos",
    lead: "Lo que tus redes, dominios y servicios muestran a quien los mira.",
    filters: { label: "Filtros", status: "Estado", profile: "Perfil", any: "Cualquiera", clear: "Quitar los filtros" },
    columns: {
      status: "Estado",
      targets: "Objetivos",
      profile: "Perfil",
      findings: "Hallazgos",
      begun: "Inicio",
      duration: "Duración",
    },
    grid: "Escaneos",
    notBegun: "Sin empezar",
    newer: (count) => (count === 1 ? "Mostrar 1 escaneo más nuevo" : `Mostrar ${count} escaneos más nuevos`),
    pages: {
      label: "Páginas",
      shown: (count) => (count === 1 ? "1 escaneo en esta página" : `${count} escaneos en esta página`),
      first: "Primera página",
      next: "Página siguiente",
    },
    empty: {
      title: "Todavía no se ha escaneado nada",
      text: "Un escaneo mira desde fuera: qué puertos responden, qué hay detrás, sus certificados, sus cabeceras web, las reglas de su dominio. No rompe nada.",
      start: "Iniciar el primer escaneo",
      needsGrant:
        "Primero di qué es tuyo. Nada se escanea sin autorización: un dominio lo demuestras tú; una red la concede el operador de esta instalación. Son unos minutos, una sola vez.",
      toGrants: "Decir qué se puede escanear",
      filtered: "Ningún escaneo cumple estos filtros",
      filteredText: "Amplíalos, o quítalos todos.",
    },
  },
);
