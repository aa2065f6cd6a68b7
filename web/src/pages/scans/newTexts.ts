/** Texts of a new scan. */

import { textsOf } from "../../i18n/texts";

export const newTexts = textsOf(
  {
    title: "New scan",
    lead: "Name what is to be looked at. It is checked while you type; nothing is connected to before you start.",
    targets: "Targets",
    targetsHint:
      "One a line: 10.1.0.0/24, 10.1.0.7, www.example.com, arn:aws:s3:::bucket, oci://registry.example.com/team/app:1.2. Up to 256.",
    checked: "What becomes of each target",
    checking: "Checking",
    allowed: "May be scanned",
    refused: "Refused",
    whys: {
      invalid: "This is not a target as it stands.",
      never_scanned:
        "This is never scanned, whatever was granted: link-local and multicast addresses, the metadata services of clouds, and this machine itself.",
      not_granted: "Nobody has said yet that your workspace may scan this.",
      pentest_not_granted: "It may be scanned, but not as a pentest: who vouches for it has to allow that too.",
    },
    use: (target: string) => `Use ${target}`,
    prove: "Prove that the domain is yours",
    operator: "The operator of this installation grants it with this command, which you can send them:",
    copyCommand: "Copy the command",
    leaveOut: (count: number) => (count === 1 ? "Leave out the refused one" : `Leave out the ${count} refused`),
    profile: "Profile",
    profiles: {
      standard:
        "What is there and how it presents itself: common ports, services, TLS, web headers, DNS and mail rules. Nothing tries to break anything.",
      compliance:
        "As standard, with more ports and what frameworks ask for: CAA, DNSSEC, MTA-STS, the life of certificates.",
      pentest: "As compliance, and it attacks web applications by wapiti, where that is installed.",
    },
    loudness: (connections: string, duration: string) => `Connections at most: ${connections}. Estimated: ${duration}.`,
    loudnessUnknown: "How loud it would be is said once there is a target.",
    noPentest:
      "No grant of your workspace allows a pentest: it can disturb what it tests, so who vouches for the target has to say so.",
    toGrants: "What may be scanned",
    time: "Ends at the latest after",
    tooShort: (duration: string) =>
      `It may take about ${duration}: what is not reached by then is named, not skipped in silence.`,
    mean: "What this scan would do",
    meansNothing: "Name a target that may be scanned, and here stands what would happen.",
    lookAt: "Targets",
    addresses: "Addresses of networks",
    connections: "Connections at most",
    notCounted: (targets: string) => `Without ${targets}: how much there is to ask is known only on asking.`,
    ports: "Ports of each address",
    duration: "Estimated time",
    durationHint: "If most addresses are silent.",
    notTested: "Cannot be tested here",
    engines: (usable: string, all: string) => `Engines: ${usable} of ${all} are here`,
    engineStates: {
      built_in: "part of CyberVault",
      ready: "ready",
      outdated: "outdated: install it again",
      missing: "not on this server",
    },
    start: "Start scan",
    reasons: {
      empty: "Name a target first.",
      checking: "The targets are being checked.",
      refused: "Leave out what is refused, or have it granted, and start.",
    },
    started: "The scan was asked for.",
  },
  {
    title: "Nuevo escaneo",
    lead: "Di qué hay que mirar. Se comprueba mientras escribes; no se conecta con nada antes de que lo inicies.",
    targets: "Objetivos",
    targetsHint:
      "Uno por línea: 10.1.0.0/24, 10.1.0.7, www.example.com, arn:aws:s3:::bucket, oci://registry.example.com/team/app:1.2. Hasta 256.",
    checked: "Qué pasa con cada objetivo",
    checking: "Comprobando",
    allowed: "Se puede escanear",
    refused: "Rechazado",
    whys: {
      invalid: "Tal como está, esto no es un objetivo.",
      never_scanned:
        "Esto no se escanea nunca, haya la autorización que haya: direcciones de enlace local y multidifusión, los servicios de metadatos de las nubes y esta misma máquina.",
      not_granted: "Nadie ha dicho todavía que tu espacio de trabajo pueda escanear esto.",
      pentest_not_granted:
        "Se puede escanear, pero no como pentest: quien responde de ello tiene que permitir eso también.",
    },
    use: (target) => `Usar ${target}`,
    prove: "Demostrar que el dominio es tuyo",
    operator: "El operador de esta instalación lo autoriza con esta orden, que puedes enviarle:",
    copyCommand: "Copiar la orden",
    leaveOut: (count) => (count === 1 ? "Dejar fuera el rechazado" : `Dejar fuera los ${count} rechazados`),
    profile: "Perfil",
    profiles: {
      standard:
        "Qué hay y cómo se presenta: puertos comunes, servicios, TLS, cabeceras web, reglas de DNS y correo. Nada intenta romper nada.",
      compliance:
        "Como el estándar, con más puertos y lo que piden los marcos: CAA, DNSSEC, MTA-STS, la vida de los certificados.",
      pentest: "Como cumplimiento, y ataca las aplicaciones web con wapiti, donde está instalado.",
    },
    loudness: (connections, duration) => `Conexiones como mucho: ${connections}. Estimado: ${duration}.`,
    loudnessUnknown: "Cuánto ruido hace se dice en cuanto hay un objetivo.",
    noPentest:
      "Ninguna autorización de tu espacio de trabajo permite un pentest: puede perturbar lo que prueba, así que quien responde del objetivo tiene que decirlo.",
    toGrants: "Qué se puede escanear",
    time: "Termina como muy tarde tras",
    tooShort: (duration) =>
      `Puede tardar unos ${duration}: lo que no se alcance hasta entonces se nombra, no se omite en silencio.`,
    mean: "Qué haría este escaneo",
    meansNothing: "Di un objetivo que se pueda escanear, y aquí se dice qué pasaría.",
    lookAt: "Objetivos",
    addresses: "Direcciones de redes",
    connections: "Conexiones como mucho",
    notCounted: (targets) => `Sin ${targets}: cuánto hay que preguntar solo se sabe al preguntar.`,
    ports: "Puertos de cada dirección",
    duration: "Tiempo estimado",
    durationHint: "Si la mayoría de las direcciones callan.",
    notTested: "Aquí no se puede comprobar",
    engines: (usable, all) => `Motores: ${usable} de ${all} están aquí`,
    engineStates: {
      built_in: "parte de CyberVault",
      ready: "listo",
      outdated: "anticuado: instálalo otra vez",
      missing: "no está en este servidor",
    },
    start: "Iniciar escaneo",
    reasons: {
      empty: "Di primero un objetivo.",
      checking: "Se están comprobando los objetivos.",
      refused: "Deja fuera lo rechazado, o haz que se autorice, e inícialo.",
    },
    started: "El escaneo está pedido.",
  },
);
